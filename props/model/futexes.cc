#include "props/model/futexes.hh"

#include <algorithm>

namespace cupel::props {
namespace {

using State = FutexWaiter::State;

// Whether the waiter waits for that word; `perhaps` where only one of the two said that it is private to the process.
enum class Meets : uint8_t { no, perhaps, yes };
Meets meets(const FutexKey& waiter, const FutexKey& key) {
  if (waiter.owner != key.owner || waiter.offset != key.offset) return Meets::no;
  if (waiter.kind == key.kind) return Meets::yes;
  const auto in_space = [](FutexKey::Kind kind) { return kind == FutexKey::Kind::process || kind == FutexKey::Kind::space; };
  return in_space(waiter.kind) && in_space(key.kind) ? Meets::perhaps : Meets::no;
}

}  // namespace

FutexKey futex_key(const World& world, SpaceId space, uint64_t address, bool is_private) {
  const auto owner = static_cast<uint32_t>(space);
  if (is_private) return {FutexKey::Kind::process, owner, address};
  const Region* region = world.spaces[space].at(address);
  if (region == nullptr || !region->shared) return {FutexKey::Kind::space, owner, address};
  if (region->file != InodeId::none) {
    return {FutexKey::Kind::file, static_cast<uint32_t>(region->file), region->file_offset + (address - region->begin)};
  }
  return {FutexKey::Kind::object, region->object, region->file_offset + (address - region->begin)};
}

WaiterCount count_waiters(const World& world, const FutexKey& key, uint32_t bits) {
  WaiterCount count;
  for (const FutexWaiter& waiter : world.futex_waiters) {
    const Meets met = meets(waiter.key, key);
    if (met == Meets::no || (waiter.bits & bits) == 0 || waiter.state == State::woken) continue;
    ++count.possible;
    if (met == Meets::yes && waiter.state == State::waiting && world.tasks[waiter.task].alive) ++count.certain;
  }
  return count;
}

void wake_waiters(World& world, const FutexKey& key, uint32_t bits, uint32_t count) {
  if (count == 0) return;
  const bool all = count >= count_waiters(world, key, bits).possible;
  for (FutexWaiter& waiter : world.futex_waiters) {
    if (meets(waiter.key, key) == Meets::no || (waiter.bits & bits) == 0 || waiter.state == State::woken) continue;
    waiter.state = all ? State::woken : State::maybe_woken;
  }
}

void move_waiters(World& world, const FutexKey& from, const FutexKey& to) {
  for (FutexWaiter& waiter : world.futex_waiters) {
    if (meets(waiter.key, from) == Meets::yes && waiter.state == State::waiting) waiter.key = to;
  }
}

void requeue_waiters(World& world, const FutexKey& from, const FutexKey& to, uint32_t count) {
  if (count == 0) return;
  // Who moved is not known, so each of them is taken to be in both places: there as one who may wake.
  const size_t before = world.futex_waiters.size();
  for (size_t index = 0; index < before; ++index) {
    FutexWaiter waiter = world.futex_waiters[index];
    if (meets(waiter.key, from) == Meets::no || waiter.state == State::woken) continue;
    world.futex_waiters[index].state = waiter.state = State::maybe_woken;
    waiter.key = to;
    world.futex_waiters.push_back(waiter);
  }
}

void wake_all_perhaps(World& world, SpaceId space, uint64_t address) {
  const FutexKey key = futex_key(world, space, address, false);
  for (FutexWaiter& waiter : world.futex_waiters) {
    if (meets(waiter.key, key) != Meets::no && waiter.state == State::waiting) waiter.state = State::maybe_woken;
  }
}

std::optional<State> waiter_state(const World& world, TaskId task) {
  std::optional<State> state;
  for (const FutexWaiter& waiter : world.futex_waiters) {
    if (waiter.task == task) state = std::max(state.value_or(State::waiting), waiter.state);
  }
  return state;
}

void stop_waiting(World& world, TaskId task) {
  std::erase_if(world.futex_waiters, [&](const FutexWaiter& waiter) { return waiter.task == task; });
}

}  // namespace cupel::props
