#include "libos/sync/wait.hh"

#include "libos/task/task.hh"

namespace cupel::libos {

void WaitQueue::wake_all() {
  for (Waiter& waiter : waiters_) waiter.task().notify();
}

bool WaitQueue::wake_one() {
  if (waiters_.empty()) return false;
  Waiter& first = waiters_.front();
  waiters_.pop_front();
  first.task().notify();
  return true;
}

}  // namespace cupel::libos
