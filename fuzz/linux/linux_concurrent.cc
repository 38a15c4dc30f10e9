#include "fuzz/linux/linux_target.hh"

namespace cupel::fuzz {
namespace {

const TargetInfo info{"linux_concurrent", "the same programs under schedules with a bound on the bugs they can miss (PCT), their histories explained by some order",
                      [] { return std::unique_ptr<Target>(std::make_unique<LinuxTarget>("linux_concurrent", LinuxTarget::Kind::concurrent)); }};
const TargetRegistration registration(info);

}  // namespace
}  // namespace cupel::fuzz
