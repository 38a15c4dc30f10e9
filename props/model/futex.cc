// futex, futex_wake, futex_wait.
#include <linux/futex.h>
#include <time.h>

#include "props/model/clocks.hh"
#include "props/model/futexes.hh"
#include "props/model/rules.hh"

namespace cupel::props {
namespace {

struct FutexArgs {
  uint64_t word;
  uint32_t command;
  bool is_private;
  uint32_t value;
  uint64_t timeout;
  uint64_t second_word;
  uint32_t third_value;
};

// EINVAL and EFAULT of the word's address. Only a word that may be shared has to be there.
Result<> check_word(const Call& call, uint64_t address, bool is_private) {
  if (address % sizeof(uint32_t) != 0) return fail(Errno::inval);
  if (address > user_limit - sizeof(uint32_t)) return fail(Errno::fault);
  if (!is_private && call.readable(address, sizeof(uint32_t)) < sizeof(uint32_t)) return fail(Errno::fault);
  // A page of the process's own which it cannot write never changes: Linux sees no point in sharing it.
  const Region* region = call.space().at(address);
  const bool constant = region != nullptr && !region->shared && region->file == InodeId::none && (region->protection & prot_write) == 0;
  if (!is_private && constant) return fail(Errno::fault);
  return {};
}

Result<> wait(const Call& call, Allowed& allowed, const FutexArgs& args, uint32_t bits) {
  using State = FutexWaiter::State;
  if (const auto state = call.resumed() ? waiter_state(call.world, call.caller) : std::nullopt) {
    if (*state != State::woken) allowed.blocks();
    if (*state != State::woken && args.timeout != 0) allowed.may_fail(Errno::timedout);
    if (*state != State::waiting) allowed.returns(0);
    return {};
  }
  if (bits == 0) return fail(Errno::inval);
  TRY(check_word(call, args.word, args.is_private));
  if (TRY(call.read<uint32_t>(args.word)) != args.value) return fail(Errno::again);
  if (args.timeout != 0) allowed.may_fail(Errno::timedout);
  allowed.blocks();
  allowed.then([caller = call.caller, key = futex_key(call.world, call.task.space, args.word, args.is_private), bits](World& world, const Actual&) {
    world.futex_waiters.push_back({caller, key, bits});
  });
  return {};
}

Result<> wake(const Call& call, Allowed& allowed, const FutexArgs& args, uint32_t bits) {
  if (bits == 0) return fail(Errno::inval);
  TRY(check_word(call, args.word, args.is_private));
  const FutexKey key = futex_key(call.world, call.task.space, args.word, args.is_private);
  const WaiterCount waiters = count_waiters(call.world, key, bits);
  // Linux wakes one even where none or fewer were asked for.
  const uint32_t most = args.value == 0 || args.value > INT32_MAX ? 1 : args.value;
  const uint32_t least = args.value == 0 || args.value > INT32_MAX ? 0 : args.value;
  allowed.returns(std::min(least, waiters.certain), std::min(most, waiters.possible));
  allowed.then([key, bits](World& world, const Actual& actual) { wake_waiters(world, key, bits, static_cast<uint32_t>(actual.value)); });
  return {};
}

Result<> requeue(const Call& call, Allowed& allowed, const FutexArgs& args) {
  const auto wakes = static_cast<int32_t>(args.value);
  const auto moves = static_cast<int32_t>(args.timeout);  // the register's other meaning
  if (wakes < 0 || moves < 0) return fail(Errno::inval);
  TRY(check_word(call, args.word, args.is_private));
  TRY(check_word(call, args.second_word, args.is_private));
  if (args.command == FUTEX_CMP_REQUEUE) {
    if (TRY(call.read<uint32_t>(args.word)) != args.third_value) return fail(Errno::again);
  }
  const FutexKey from = futex_key(call.world, call.task.space, args.word, args.is_private);
  const FutexKey to = futex_key(call.world, call.task.space, args.second_word, args.is_private);
  const WaiterCount waiters = count_waiters(call.world, from, UINT32_MAX);
  const int64_t both = int64_t{wakes} + moves;
  // The manual has FUTEX_REQUEUE count those it woke, Linux has it count those it moved as well.
  const int64_t least = args.command == FUTEX_CMP_REQUEUE ? both : wakes;
  allowed.returns(std::min<int64_t>(least, waiters.certain), std::min<int64_t>(both, waiters.possible));
  allowed.then([from, to, wakes, moves](World& world, const Actual& actual) {
    const WaiterCount there = count_waiters(world, from, UINT32_MAX);
    const auto told = static_cast<uint32_t>(actual.value);
    if (wakes > 0 && told == 0) return;  // there was nobody
    if (static_cast<uint32_t>(wakes) >= there.possible) return wake_waiters(world, from, UINT32_MAX, std::min(told, there.possible));
    if (wakes == 0 && static_cast<uint32_t>(moves) >= there.possible && there.certain == there.possible) return move_waiters(world, from, to);
    requeue_waiters(world, from, to, static_cast<uint32_t>(moves));
    wake_waiters(world, from, UINT32_MAX, static_cast<uint32_t>(wakes));
  });
  return {};
}

Result<> check_timeout(const Call& call, uint64_t address) {
  if (address == 0) return {};
  return is_valid(TRY(call.read_once<Timespec>(address))) ? Result<>{} : fail(Errno::inval);
}

// Of the calls by size: words have 32 bits, and what does not fit into them is none.
constexpr uint32_t size_mask = 3, size_u32 = 2, numa_flags = 12, private_flag = 128;
Result<> check_sized(uint32_t flags, std::initializer_list<uint64_t> values) {
  if ((flags & ~(size_mask | numa_flags | private_flag)) != 0 || (flags & size_mask) != size_u32) return fail(Errno::inval);
  for (const uint64_t value : values) {
    if (value > UINT32_MAX) return fail(Errno::inval);
  }
  return {};
}

}  // namespace

namespace rules {

Result<> futex_wake(const Call& call, Allowed& allowed) {
  const auto mask = call.arg<uint64_t>(1);
  const auto count = call.arg<int32_t>(2);
  const auto flags = call.arg<uint32_t>(3);
  TRY(check_sized(flags, {mask}));
  if ((flags & numa_flags) != 0) return allowed.lose();  // not every kernel's
  const FutexArgs args{call.address(0), FUTEX_WAKE_BITSET, (flags & private_flag) != 0, static_cast<uint32_t>(count), 0, 0, static_cast<uint32_t>(mask)};
  if (count != 0) return wake(call, allowed, args, args.third_value);
  if (mask == 0) return fail(Errno::inval);
  TRY(check_word(call, args.word, args.is_private));
  return allowed.returns(0);  // unlike futex(2), none is none
}

Result<> futex_wait(const Call& call, Allowed& allowed) {
  const auto value = call.arg<uint64_t>(1), mask = call.arg<uint64_t>(2);
  const auto flags = call.arg<uint32_t>(3);
  const auto clock = call.arg<int32_t>(5);
  TRY(check_sized(flags, {value, mask}));
  const uint64_t timeout = call.address(4);
  if ((flags & numa_flags) != 0) return allowed.lose();
  if (timeout != 0 && clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) return fail(Errno::inval);
  TRY(check_timeout(call, timeout));
  return wait(call, allowed, {call.address(0), FUTEX_WAIT_BITSET, (flags & private_flag) != 0, static_cast<uint32_t>(value), timeout, 0, static_cast<uint32_t>(mask)}, static_cast<uint32_t>(mask));
}

Result<> futex(const Call& call, Allowed& allowed) {
  const auto operation = call.arg<uint32_t>(1);
  FutexArgs args{call.address(0), operation & static_cast<uint32_t>(FUTEX_CMD_MASK), (operation & FUTEX_PRIVATE_FLAG) != 0, call.arg<uint32_t>(2),
                 call.address(3), call.address(4), call.arg<uint32_t>(5)};
  const bool waits = args.command == FUTEX_WAIT || args.command == FUTEX_WAIT_BITSET;
  if (waits) {
    TRY(check_timeout(call, args.timeout));
  }
  if ((operation & FUTEX_CLOCK_REALTIME) != 0 && args.command != FUTEX_WAIT_BITSET) return fail(Errno::nosys);
  switch (args.command) {
    case FUTEX_WAIT: return wait(call, allowed, args, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAIT_BITSET: return wait(call, allowed, args, args.third_value);
    case FUTEX_WAKE: return wake(call, allowed, args, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAKE_BITSET: return wake(call, allowed, args, args.third_value);
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE: return requeue(call, allowed, args);
    case FUTEX_WAKE_OP:
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
    case FUTEX_UNLOCK_PI:
    case FUTEX_TRYLOCK_PI:
    case FUTEX_WAIT_REQUEUE_PI:
    case FUTEX_CMP_REQUEUE_PI: return allowed.lose();
    default: return fail(Errno::nosys);
  }
}

}  // namespace rules
}  // namespace cupel::props
