// Where models are asked, as configuration: what every process that asks models reads under its section `model`.
#pragma once

#include <string>

#include "llm/model.hpp"

namespace convoke::llm {

struct ModelConfig {
  std::string url = "http://127.0.0.1:8089/v1";
  std::string api_key_env = "CONVOKE_MODEL_API_KEY";
  std::string unix_socket;
  std::string fallback_url;
  std::string fallback_model;
  std::string fallback_api_key_env;
  std::uint32_t attempts = 10;  // with back-off some 40 s: a server that is started again is not noticed
  Millis first_token_deadline{60'000};
  Millis token_deadline{30'000};
  Millis total_deadline{600'000};

  template <class Fields> void describe(Fields& field) {
    field("url", url, "base URL of an OpenAI-compatible server, with its /v1");
    field("api_key_env", api_key_env, "environment variable that holds the key; empty: none");
    field("unix_socket", unix_socket, "connect to this path instead of to the URL's host");
    field("fallback_url", fallback_url, "asked when the first cannot; empty: nobody");
    field("fallback_model", fallback_model, "name of the model there");
    field("fallback_api_key_env", fallback_api_key_env, "environment variable that holds the key there; empty: none");
    field("attempts", attempts, "tries per model, the first included");
    field("first_token_deadline", first_token_deadline, "from sending to the first piece of an answer");
    field("token_deadline", token_deadline, "between two pieces of an answer");
    field("total_deadline", total_deadline, "for one answer: tries, waits and the fallback");
  }

  ModelOptions options() const {
    ModelOptions result;
    result.endpoints.push_back({url, api_key_env, {}, unix_socket});
    if (!fallback_url.empty()) result.endpoints.push_back({fallback_url, fallback_api_key_env, fallback_model, {}});
    result.retry.attempts = attempts;
    result.first_token_deadline = first_token_deadline;
    result.token_deadline = token_deadline;
    result.total_deadline = total_deadline;
    return result;
  }
};

}  // namespace convoke::llm
