#include "fuzz/linux/linux_target.hh"

namespace cupel::fuzz {
namespace {

const TargetInfo info{"linux_signals", "signals: what is sent, masked, waited for and handled in frames on guest stacks, judged by rules of their own",
                      [] { return std::unique_ptr<Target>(std::make_unique<LinuxTarget>("linux_signals", LinuxTarget::Kind::signals)); }};
const TargetRegistration registration(info);

}  // namespace
}  // namespace cupel::fuzz
