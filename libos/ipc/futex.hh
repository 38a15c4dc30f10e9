#pragma once
#include <boost/intrusive/list.hpp>
#include <cstdint>

#include "libos/base/result.hh"
#include "libos/platform/platform.hh"
#include "libos/sync/wait.hh"

namespace cupel::libos {

class Task;

// futex(2)'s queue of sleepers. A word is known by the frame behind it where it is shared, so that two processes mean
// the same one, and by space and address where it is private.
class FutexTable {
 public:
  struct Key {
    uint64_t place;    // the frame's or the space's number
    uint64_t address;  // of the word within it
    bool is_private;
    friend bool operator==(const Key&, const Key&) = default;
  };

  // A word as the guest names it. FUTEX_PRIVATE_FLAG makes another futex of it, which only its own process has.
  struct Word {
    uint64_t address;
    bool is_private = false;
  };

  // Sleeps while the word is `expected`. EAGAIN: it is not; ETIMEDOUT, EINTR: as sleep() says; EFAULT.
  // Only a wake() whose mask shares a bit with `mask` ends it.
  Result<> wait(Task& task, Word where, uint32_t expected, uint32_t mask, platform::Nanoseconds deadline);
  // Wakes up to `count` sleepers, oldest first; how many there were.
  uint32_t wake(Task& task, Word where, uint32_t count, uint32_t mask);
  // Wakes up to `wake_count` and moves up to `move_count` of the others to `to`; both numbers.
  struct Moved {
    uint32_t woken, moved;
  };
  Moved requeue(Task& task, Word from, uint32_t wake_count, Word to, uint32_t move_count);

 private:
  struct Sleeper : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    Sleeper(Task& sleeping_task, Key sleeping_on, uint32_t wake_mask) : task(sleeping_task), key(sleeping_on), mask(wake_mask) {}
    Task& task;
    Key key;
    uint32_t mask;
  };
  static Key key_of(Task& task, Word where);

  boost::intrusive::list<Sleeper, boost::intrusive::constant_time_size<false>> sleepers_;
};

}  // namespace cupel::libos
