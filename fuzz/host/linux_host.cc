#include <stdexcept>

#include "fuzz/host/three_way.hh"
#include "fuzz/program/program_target.hh"
#include "shims/linux/shim.hh"

namespace cupel::host {
namespace {

// Programs of Linux system calls on libos, on the real kernel and by the model.
class LinuxHost final : public fuzz::ProgramTarget {
 public:
  // Throws where this machine has no sandbox for the kernel's side.
  LinuxHost() : ProgramTarget(linux_shim::description()) {
    auto started = ThreeWay::start([this](const fuzz::Program&, const Judgement& judgement) { judgement_ = judgement; });
    if (!started) throw std::runtime_error(started.error());
    three_way_ = std::move(*started);
    three_way_->judge_kernel_every(1);
  }

  std::string_view name() const override { return "linux_host"; }
  std::span<const std::string_view> oracles() const override { return ThreeWay::oracles; }
  bool disable_oracle(std::string_view oracle) override { return three_way_->disable_oracle(oracle); }

  fuzz::Run run(fuzz::ByteView input) override {
    fuzz::Program program = decoded(input);
    auto done = three_way_->add(std::move(program));
    if (done) done = three_way_->finish();
    if (!done) throw std::runtime_error(done.error());
    return {judgement_.trace_hash, judgement_.finding};
  }
  std::string trace(fuzz::ByteView input) override { return three_way_->trace(decoded(input)); }

 private:
  Judgement judgement_;
  std::unique_ptr<ThreeWay> three_way_;
};

std::string unavailable() {
  const auto started = ThreeWay::start([](const fuzz::Program&, const Judgement&) {});
  return started ? std::string() : started.error();
}

const fuzz::TargetInfo info{"linux_host", "programs of Linux system calls, on libos, on the real kernel and by the model",
                            [] { return std::unique_ptr<fuzz::Target>(std::make_unique<LinuxHost>()); }, unavailable};
const fuzz::TargetRegistration registration(info);

}  // namespace
}  // namespace cupel::host
