#include "libos/ipc/futex.hh"

#include "libos/mm/address_space.hh"
#include "libos/task/task.hh"

namespace cupel::libos {

FutexTable::Key FutexTable::key_of(Task& task, Word where) {
  if (where.is_private) return {static_cast<uint64_t>(task.space().id()), where.address, true};
  const auto place = task.space().identity_of(where.address);
  return {place.number, place.offset, false};
}

Result<> FutexTable::wait(Task& task, Word where, uint32_t expected, uint32_t mask, platform::Nanoseconds deadline) {
  uint32_t word = 0;
  TRY(task.memory().read(where.address, std::as_writable_bytes(std::span(&word, 1))));
  if (word != expected) return fail(Errno::again);
  // The lock is held from the comparison until sleep() waits on an event word read before: no wake is lost between.
  Sleeper sleeper(task, key_of(task, where), mask);
  sleepers_.push_back(sleeper);
  while (sleeper.is_linked()) {
    if (auto slept = task.sleep(deadline); !slept) {
      if (!sleeper.is_linked()) return {};  // woken as it was leaving: the wake was for this one
      return fail(slept.error());
    }
  }
  return {};
}

uint32_t FutexTable::wake(Task& task, Word where, uint32_t count, uint32_t mask) {
  const Key key = key_of(task, where);
  uint32_t woken = 0;
  for (auto sleeper = sleepers_.begin(); sleeper != sleepers_.end() && woken < count;) {
    Sleeper& candidate = *sleeper++;
    if (!(candidate.key == key) || (candidate.mask & mask) == 0) continue;
    candidate.unlink();
    candidate.task.notify();
    ++woken;
  }
  return woken;
}

FutexTable::Moved FutexTable::requeue(Task& task, Word from, uint32_t wake_count, Word to, uint32_t move_count) {
  Moved done{wake(task, from, wake_count, ~0u), 0};
  const Key old_key = key_of(task, from), new_key = key_of(task, to);
  for (Sleeper& sleeper : sleepers_) {
    if (done.moved == move_count) break;
    if (!(sleeper.key == old_key)) continue;
    sleeper.key = new_key;
    ++done.moved;
  }
  return done;
}

}  // namespace cupel::libos
