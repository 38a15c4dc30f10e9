#include "fuzz/target.hh"

#include <algorithm>

namespace cupel::fuzz {
namespace {

// SAFETY: a function-local static, so that registrations in any translation unit find it built.
std::vector<const TargetInfo*>& registry() {
  static std::vector<const TargetInfo*> all;
  return all;
}

}  // namespace

std::span<const TargetInfo* const> targets() { return registry(); }

const TargetInfo* find_target(std::string_view name) {
  auto found = std::ranges::find(registry(), name, &TargetInfo::name);
  return found == registry().end() ? nullptr : *found;
}

TargetRegistration::TargetRegistration(const TargetInfo& info) {
  registry().push_back(&info);
  std::ranges::sort(registry(), {}, &TargetInfo::name);
}

}  // namespace cupel::fuzz
