// getrusage, times, getresuid, getresgid, sched_get_priority_max, sched_get_priority_min.
#include <sched.h>
#include <sys/resource.h>
#include <sys/times.h>

#include "props/model/rules.hh"

namespace cupel::props {
namespace {

// Of real-time policies from 1 to 99, of others always 0.
Result<> priority(const Call& call, Allowed& allowed, int64_t of_realtime) {
  constexpr int32_t deadline = 6, extensible = 7;  // SCHED_DEADLINE, SCHED_EXT
  switch (call.arg<int32_t>(0)) {
    case SCHED_FIFO:
    case SCHED_RR: return allowed.returns(of_realtime);
    case SCHED_OTHER:
    case SCHED_BATCH:
    case SCHED_IDLE:
    case deadline: return allowed.returns(0);
    case extensible: return allowed.may_fail(Errno::inval), allowed.returns(0);  // since Linux 6.12
    default: return fail(Errno::inval);
  }
}

// The caller is root, and no call changes that. What comes before a place that cannot be written may have been written.
Result<> three_ids(const Call& call, Allowed& allowed) {
  for (size_t index = 0; index < 3; ++index) {
    TRY(call.can_store(allowed, call.address(index), sizeof(uint32_t)));
    allowed.may_scribble(call.address(index), sizeof(uint32_t));
  }
  allowed.returns(0);
  for (size_t index = 0; index < 3; ++index) allowed.writes_number<uint32_t>(call.address(index), 0);
  return {};
}

}  // namespace

namespace rules {

Result<> sched_get_priority_max(const Call& call, Allowed& allowed) { return priority(call, allowed, 99); }
Result<> sched_get_priority_min(const Call& call, Allowed& allowed) { return priority(call, allowed, 1); }

Result<> getresuid(const Call& call, Allowed& allowed) { return three_ids(call, allowed); }
Result<> getresgid(const Call& call, Allowed& allowed) { return three_ids(call, allowed); }

Result<> getrusage(const Call& call, Allowed& allowed) {
  const auto who = call.arg<int32_t>(0);
  if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD) return fail(Errno::inval);
  const uint64_t address = call.address(1);
  TRY(call.can_store(allowed, address, sizeof(rusage)));
  allowed.returns(0);
  allowed.writes_anything(address, sizeof(rusage));
  allowed.inspect([address](const World&, const Actual& actual) {
    const auto seen = actual.number<rusage>(address);
    const auto is_time = [](const timeval& time) { return time.tv_sec >= 0 && time.tv_usec >= 0 && time.tv_usec < 1'000'000; };
    return std::string(!seen || (is_time(seen->ru_utime) && is_time(seen->ru_stime)) ? "" : "a time that is none");
  });
  return {};
}

Result<> times(const Call& call, Allowed& allowed) {
  const uint64_t address = call.address(0);
  if (address != 0) TRY(call.can_store(allowed, address, sizeof(tms)));
  allowed.returns(0, INT64_MAX);
  if (address == 0) return {};
  allowed.writes_anything(address, sizeof(tms));
  allowed.inspect([address](const World&, const Actual& actual) {
    const auto seen = actual.number<tms>(address);
    const bool negative = seen && (seen->tms_utime < 0 || seen->tms_stime < 0 || seen->tms_cutime < 0 || seen->tms_cstime < 0);
    return std::string(negative ? "less than no time" : "");
  });
  return {};
}

}  // namespace rules
}  // namespace cupel::props
