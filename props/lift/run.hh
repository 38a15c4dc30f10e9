#pragma once
#include <string_view>

#include "props/lift/word.hh"

namespace cupel::lift {

// What gives symbolic words their meaning while a claim runs: a path being explored, or a replay at given inputs.
class Run {
 public:
  virtual ~Run() = default;
  virtual z3::context& context() = 0;
  virtual z3::expr input(std::string_view name, unsigned width) = 0;
  virtual bool decide(const z3::expr& condition) = 0;
  virtual void assume(const z3::expr& condition) = 0;
  virtual void require(const z3::expr& condition, std::string_view otherwise) = 0;
};

// Thrown where an assumption is false: the path is dropped.
struct Infeasible {};

// Makes `run` this thread's run, and puts the one before it back at the end.
class Activation {
 public:
  explicit Activation(Run& run);
  ~Activation();
  Activation(const Activation&) = delete;
  Activation& operator=(const Activation&) = delete;

 private:
  Run* before_;
};

}  // namespace cupel::lift
