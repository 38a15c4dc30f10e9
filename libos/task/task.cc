#include "libos/task/task.hh"

#include "libos/fd/fd_table.hh"
#include "libos/fs/fs_context.hh"
#include "libos/ipc/futex.hh"
#include "libos/machine/machine.hh"
#include "libos/mm/address_space.hh"

namespace cupel::libos {

Task::Task(Machine& machine, int32_t tid) : machine_(machine), tid_(tid), process_(tid) {}
Task::~Task() = default;

Arena& Task::arena() const { return machine_.arena(); }
platform::Platform& Task::platform() const { return machine_.platform(); }
const GuestMemory& Task::memory() const { return *space_; }

Result<> Task::sleep(platform::Nanoseconds deadline) {
  if (killed_) return fail(Errno::intr);
  const uint32_t seen = event_.load(std::memory_order_relaxed);
  machine_.lock().release(platform());
  const platform::Woken woken = platform().wait(event_, seen, deadline);
  machine_.lock().acquire(platform());
  if (killed_ || woken == platform::Woken::interrupted) return fail(Errno::intr);
  if (woken == platform::Woken::timed_out) return fail(Errno::timedout);
  return {};
}

Result<> Task::unshare_fds() {
  if (fds_->owner_count() > 1) fds_ = TRY(fds_->clone());
  return {};
}

void Task::notify() {
  event_.fetch_add(1, std::memory_order_release);
  platform().wake(event_, 1);
}

void Task::kill(int32_t status) {
  killed_ = true;
  exit_status_ = status;
  notify();
}

void Task::exit(int32_t status) {
  CHECK(state_ == State::running);
  state_ = State::zombie;
  exit_status_ = status;
  if (clear_child_tid_ != 0 && space_->owner_count() > 1) {
    const uint32_t zero = 0;
    // A word that is gone by now has no one to tell; Linux ignores the fault as well.
    if (memory().write(clear_child_tid_, std::as_bytes(std::span(&zero, 1)))) machine_.futexes().wake(*this, {clear_child_tid_}, 1, ~0u);
  }
  fds_.reset();
  fs_.reset();
  space_.reset();
  machine_.on_exit(*this);
  platform().stop(tid_);
}

}  // namespace cupel::libos
