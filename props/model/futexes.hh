#pragma once
#include "props/model/world.hh"

// Who waits for which word: futex(2).
namespace cupel::props {

FutexKey futex_key(const World& world, SpaceId space, uint64_t address, bool is_private);

// How many waiters a wake or requeue would find: those it must, and those it may.
struct WaiterCount {
  uint32_t certain = 0;
  uint32_t possible = 0;
};
WaiterCount count_waiters(const World& world, const FutexKey& key, uint32_t bits);

// `count` of the waiters were woken; which, nobody knows unless all were.
void wake_waiters(World& world, const FutexKey& key, uint32_t bits, uint32_t count);
// All waiters now wait for another word.
void move_waiters(World& world, const FutexKey& from, const FutexKey& to);
// Any of the waiters may have been moved on to another word.
void requeue_waiters(World& world, const FutexKey& from, const FutexKey& to, uint32_t count);
// Some of the waiters for this word, private or not, may have been woken.
void wake_all_perhaps(World& world, SpaceId space, uint64_t address);

// What the task, which waits, may believe of itself; nothing where it does not wait.
std::optional<FutexWaiter::State> waiter_state(const World& world, TaskId task);
void stop_waiting(World& world, TaskId task);

}  // namespace cupel::props
