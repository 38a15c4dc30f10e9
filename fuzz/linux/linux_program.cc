#include "fuzz/linux/linux_target.hh"

namespace cupel::fuzz {
namespace {

const TargetInfo info{"linux_program", "programs of Linux system calls, judged by invariants, the model, failure atomicity, liveness, leaks and self-composition",
                      [] { return std::unique_ptr<Target>(std::make_unique<LinuxTarget>("linux_program", LinuxTarget::Kind::program)); }};
const TargetRegistration registration(info);

}  // namespace
}  // namespace cupel::fuzz
