#pragma once
#include <vector>

#include "fuzz/linux/linux_target.hh"

// What the rows of `bench fuzz` run: the same generated programs on every machine.
namespace cupel::bench {

inline constexpr size_t programs_count = 4096;
inline constexpr size_t calls_to_run = 10;   // of a program that is run
inline constexpr size_t calls_to_edit = 30;  // of a program that is made or mutated

std::vector<fuzz::Program> generated(const fuzz::Grammar& grammar, size_t calls);
std::vector<fuzz::Bytes> encoded(const fuzz::Grammar& grammar, const std::vector<fuzz::Program>& programs);

// The target linux_program with these oracles only; without names, with all it has.
std::unique_ptr<fuzz::Target> linux_program(std::span<const std::string_view> oracles);

// Runs `inputs` on a target, round and round.
class Runner {
 public:
  Runner(std::unique_ptr<fuzz::Target> target, std::span<const fuzz::Bytes> inputs) : target_(std::move(target)), inputs_(inputs) {}
  // Programs a second.
  double operator()(double seconds);

 private:
  std::shared_ptr<fuzz::Target> target_;
  std::span<const fuzz::Bytes> inputs_;
  size_t next_ = 0;
};

}  // namespace cupel::bench
