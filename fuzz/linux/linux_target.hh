#pragma once
#include "fuzz/linux/oracles.hh"
#include "fuzz/program/program_target.hh"

namespace cupel::fuzz {

// The Linux shim on the mock: linux_program, and linux_concurrent where `scheduling` takes the order of calls away from
// the program.
class LinuxTarget final : public ProgramTarget {
 public:
  LinuxTarget(std::string_view name, std::optional<Scheduling> scheduling);

  std::string_view name() const override { return name_; }
  std::span<const std::string_view> oracles() const override;
  bool disable_oracle(std::string_view oracle) override;
  Run run(ByteView input) override { return execute(input, nullptr); }
  std::string trace(ByteView input) override;

 private:
  Run execute(ByteView input, std::string* trace);

  std::string_view name_;
  std::optional<Scheduling> scheduling_;
  LinuxOracles oracles_;
  Executor executor_;
  LinuxJudge judge_;
};

}  // namespace cupel::fuzz
