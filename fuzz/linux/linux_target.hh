#pragma once
#include "fuzz/linux/oracles.hh"
#include "fuzz/linux/second_run.hh"
#include "fuzz/linux/signal_watch.hh"
#include "fuzz/program/program_target.hh"

namespace cupel::fuzz {

// The Linux shim on the mock.
class LinuxTarget final : public ProgramTarget {
 public:
  enum class Kind : uint8_t {
    program,     // linux_program: in whatever order the program asks for
    concurrent,  // linux_concurrent: tasks always interrupt each other, and any order of theirs may explain what came out
    signals,     // linux_signals: where signals are sent; by rules about these instead of the model
  };
  LinuxTarget(std::string_view name, Kind kind);

  std::string_view name() const override { return name_; }
  std::span<const std::string_view> oracles() const override { return oracle_names_; }
  bool disable_oracle(std::string_view oracle) override;
  Run run(ByteView input) override { return execute(input, nullptr); }
  std::string trace(ByteView input) override;
  // Concurrent: half of them bred from meetings of tasks.
  Bytes generate(uint32_t seed) override;

 private:
  Run execute(ByteView input, std::string* trace);
  void run_again(const Program& program, RunOptions options, const RunResult& first);
  std::string promise(Scheduling scheduling) const;

  std::string_view name_;
  Kind kind_;
  std::vector<std::string_view> oracle_names_;
  LinuxOracles oracles_;
  Executor executor_;
  LinuxJudge judge_;
  SecondRun second_run_;
  SignalWatch signal_watch_;
};

}  // namespace cupel::fuzz
