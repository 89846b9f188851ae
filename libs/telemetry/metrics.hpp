// Metrics in the Prometheus data model. Ask for a metric once, keep the handle, and count through it: a handle is a pointer, valid as long
// as its Metrics. Names end in their unit (`_seconds`, `_bytes`) or `_total`; labels are few and bounded, never ids of users or sessions.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace convoke::telemetry {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  Counter() = default;  // counts nothing: a component without metrics works all the same
  void add(double amount = 1);
  double value() const;

 private:
  friend class Metrics;
  explicit Counter(void* handle) : handle_(handle) {}
  void* handle_ = nullptr;
};

class Gauge {
 public:
  Gauge() = default;
  void set(double value);
  void add(double amount);
  double value() const;

 private:
  friend class Metrics;
  explicit Gauge(void* handle) : handle_(handle) {}
  void* handle_ = nullptr;
};

class Histogram {
 public:
  Histogram() = default;
  void observe(double value);

 private:
  friend class Metrics;
  explicit Histogram(void* handle) : handle_(handle) {}
  void* handle_ = nullptr;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The same name with the same labels gives the same metric. A name used with two types ends the process: a bug.
  Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  /// `bounds`: upper bounds of the buckets, rising. Empty: 1 ms to 60 s, for durations in seconds.
  Histogram histogram(const std::string& name, const std::string& help, const Labels& labels = {}, std::vector<double> bounds = {});

  /// Called before each exposition, to set gauges that are cheaper to read than to keep.
  void before_exposition(std::function<void()> refresh);
  /// Prometheus text format 0.0.4.
  std::string expose() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace convoke::telemetry
