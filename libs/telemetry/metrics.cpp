#include "telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <utility>

namespace convoke::telemetry {
namespace {

const std::vector<double> seconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

}  // namespace

struct Metrics::State {
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  std::vector<std::function<void()>> refresh;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Counter::add(double amount) {
  if (handle_ != nullptr) static_cast<prometheus::Counter*>(handle_)->Increment(amount);
}
double Counter::value() const { return handle_ == nullptr ? 0 : static_cast<prometheus::Counter*>(handle_)->Value(); }

void Gauge::set(double value) {
  if (handle_ != nullptr) static_cast<prometheus::Gauge*>(handle_)->Set(value);
}
void Gauge::add(double amount) {
  if (handle_ != nullptr) static_cast<prometheus::Gauge*>(handle_)->Increment(amount);
}
double Gauge::value() const { return handle_ == nullptr ? 0 : static_cast<prometheus::Gauge*>(handle_)->Value(); }

void Histogram::observe(double value) {
  if (handle_ != nullptr) static_cast<prometheus::Histogram*>(handle_)->Observe(value);
}

Counter Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  return Counter(&prometheus::BuildCounter().Name(name).Help(help).Register(state_->registry).Add(labels));
}

Gauge Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return Gauge(&prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry).Add(labels));
}

Histogram Metrics::histogram(const std::string& name, const std::string& help, const Labels& labels, std::vector<double> bounds) {
  if (bounds.empty()) bounds = seconds;
  return Histogram(&prometheus::BuildHistogram().Name(name).Help(help).Register(state_->registry).Add(labels, std::move(bounds)));
}

void Metrics::before_exposition(std::function<void()> refresh) { state_->refresh.push_back(std::move(refresh)); }

std::string Metrics::expose() const {
  for (const auto& refresh : state_->refresh) refresh();
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace convoke::telemetry
