#include <cstdio>
#include <exception>
#include <vector>

#include "model/service.hpp"
#include "runtime/config.hpp"
#include "runtime/runtime.hpp"

int main(int argc, char** argv) try {
  using namespace convoke;
  runtime::ProcessOptions process{.name = "model"};
  model::ModelOptions options;
  runtime::Config config("convoke-model",
                         "The offline model: rules that answer OpenAI's chat completions. Not a language model.\n--listen, --script, "
                         "--instant, --date, --name and --faults are short for --offline.…");
  config.add("process", process);
  config.add("offline", options);
  std::vector<const char*> arguments;
  const auto expanded = model::with_sections(argc, argv);
  for (const auto& argument : expanded) arguments.push_back(argument.c_str());
  if (const auto exit = config.load(static_cast<int>(arguments.size()), arguments.data())) return *exit;
  runtime::Runtime runtime(process);
  model::Service service(runtime, options);
  if (const auto started = service.start(); !started) {
    std::fprintf(stderr, "convoke-model: %s\n", started.error().message.c_str());
    return 1;
  }
  return runtime.run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "convoke-model: %s\n", error.what());
  return 2;
}
