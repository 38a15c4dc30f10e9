// getrlimit, setrlimit, prlimit64.
#include <sys/resource.h>

#include "props/model/lifecycle.hh"
#include "props/model/rules.hh"

namespace cupel::props {
namespace {

// Whether the limit may become that. Only CAP_SYS_RESOURCE raises a hard one, and nobody has it.
Result<> check(const Limit& now, const Limit& wanted) {
  if (wanted.soft > wanted.hard) return fail(Errno::inval);
  return wanted.hard > now.hard ? fail(Errno::perm) : Result<>{};
}

Result<> tell(const Call& call, Allowed& allowed, uint64_t address, const Limit& limit) {
  TRY(call.can_store(allowed, address, sizeof(Limit)));
  allowed.returns(0);
  allowed.writes_number(address, limit);
  return {};
}

}  // namespace

namespace rules {

Result<> getrlimit(const Call& call, Allowed& allowed) {
  const auto resource = call.arg<uint32_t>(0);
  if (resource >= limits_count) return fail(Errno::inval);
  return tell(call, allowed, call.address(1), call.process().limits[resource]);
}

Result<> setrlimit(const Call& call, Allowed& allowed) {
  const auto resource = call.arg<uint32_t>(0);
  const Limit wanted = TRY(call.read<Limit>(call.address(1)));
  if (resource >= limits_count) return fail(Errno::inval);
  TRY(check(call.process().limits[resource], wanted));
  allowed.returns(0);
  allowed.then([=, process = call.task.process](World& world, const Actual&) { world.processes[process].limits[resource] = wanted; });
  return {};
}

Result<> prlimit64(const Call& call, Allowed& allowed) {
  const auto resource = call.arg<uint32_t>(1);
  const uint64_t new_address = call.address(2), old_address = call.address(3);
  Limit wanted;
  if (new_address != 0) wanted = TRY(call.read<Limit>(new_address));
  Named whose{.process = call.task.process};
  if (call.arg<int32_t>(0) != 0) {
    if (!knows_all_ids(call.world)) return allowed.lose();
    whose = find_named(call.world, call.arg<int32_t>(0));
  }
  if (whose.unsure || whose.process == ProcessId::none) allowed.may_fail(Errno::srch);
  if (whose.process == ProcessId::none) return {};
  if (resource >= limits_count) return fail(Errno::inval);
  const Limit now = call.world.processes[whose.process].limits[resource];
  if (new_address != 0) TRY(check(now, wanted));
  const auto sets = [=, process = whose.process](World& world, const Actual&) {
    if (new_address != 0) world.processes[process].limits[resource] = wanted;
  };
  // It has changed by the time it turns out that the old one cannot be told.
  if (old_address != 0 && call.writable(old_address, sizeof(Limit)) < sizeof(Limit)) {
    allowed.fails_with_effect(Errno::fault);
    allowed.writes_anything(old_address, call.writable(old_address, sizeof(Limit)));
    allowed.then(sets);
    return {};
  }
  if (old_address != 0 && new_address != 0) {
    // A copy that was planned to fail can be that in or that out.
    allowed.fails_with_effect(Errno::fault);
    allowed.writes_anything(old_address, sizeof(Limit));
    allowed.only_with(Fault::copy);
    allowed.then([](World& world, const Actual&) { world.lost = true; });
  }
  allowed.returns(0);
  if (old_address != 0) allowed.writes_number(old_address, now);
  allowed.then(sets);
  return {};
}

}  // namespace rules
}  // namespace cupel::props
