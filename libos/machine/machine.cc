#include "libos/machine/machine.hh"

#include <algorithm>

#include "libos/fd/fd_table.hh"
#include "libos/fs/file_system.hh"
#include "libos/fs/fs_context.hh"
#include "libos/ipc/futex.hh"
#include "libos/mm/address_space.hh"
#include "libos/task/process.hh"
#include "libos/task/signals.hh"

namespace cupel::libos {

Machine::Machine(Arena& arena, platform::Platform& platform, const Config& config)
    : arena_(arena), platform_(platform), config_(config) {
  CHECK(config.address_low < config.address_high);
  CHECK(config.address_high <= user_limit);
  CHECK(config.descriptors_max > 0);
}
Machine::~Machine() = default;

Result<Machine*> Machine::boot(Arena& arena, platform::Platform& platform, const Config& config) {
  auto* machine = TRY(arena.make<Machine>(arena, platform, config));
  arena.root = machine;
  if (auto built = machine->build(); !built) {
    machine->shut_down();
    return fail(built.error());
  }
  return machine;
}

Result<> Machine::build() {
  futexes_ = TRY(arena_.make<FutexTable>());
  files_ = TRY(FileSystem::create(arena_, platform_, config_));
  first_ = TRY(arena_.make<Task>(*this, next_tid_));
  ++next_tid_;
  tasks_.push_back(*first_);
  ++task_count_;
  first_->exit_signal_ = 17;  // SIGCHLD
  first_->shared_ = TRY(make_counted<Process>(arena_, config_, TRY(make_counted<SignalHandlers>(arena_))));
  first_->shared_->leads_session = true;
  first_->fds_ = TRY(FdTable::create(arena_, config_.descriptors_max));
  first_->fs_ = TRY(FsContext::create(arena_, *files_));
  first_->space_ = TRY(AddressSpace::create(*this));
  return {};
}

void Machine::shut_down() {
  for (Task& task : tasks_) {
    if (task.state_ == Task::State::zombie) continue;
    // A machine that failed to boot has a first task without its parts.
    if (task.fds_ && task.fs_ && task.space_) task.exit(0);
  }
  while (!tasks_.empty()) reap(tasks_.front());
  if (files_ != nullptr) files_->destroy();
  if (futexes_ != nullptr) arena_.destroy(futexes_);
  Arena& arena = arena_;
  arena.root = nullptr;
  arena.destroy(this);
}

Result<Task*> Machine::spawn(Task& maker, const Spawn& how) {
  collect();
  if (task_count_ >= config_.tasks_max) return fail(Errno::again);
  if (task_count_of(maker.credentials.uid) >= maker.shared_->limits.soft(LimitOf::tasks)) return fail(Errno::again);
  auto* task = TRY(arena_.make<Task>(*this, next_tid_));
  const auto fill = [&]() -> Result<> {
    if (how.thread) {
      task->shared_ = maker.shared_;
    } else {
      Ref<SignalHandlers> handlers = how.share_handlers ? maker.shared_->handlers : TRY(make_counted<SignalHandlers>(arena_, *maker.shared_->handlers));
      task->shared_ = TRY(make_counted<Process>(arena_, *maker.shared_, std::move(handlers)));
    }
    task->fds_ = how.share_fds ? maker.fds_ : TRY(maker.fds_->clone());
    task->fs_ = how.share_fs ? maker.fs_ : TRY(maker.fs_->clone());
    task->space_ = how.share_space ? maker.space_ : TRY(maker.space_->clone());
    return {};
  };
  if (auto filled = fill(); !filled) {
    arena_.destroy(task);
    return fail(filled.error());
  }
  task->credentials = maker.credentials;
  task->signal_mask = maker.signal_mask;
  if (!how.share_space) task->signal_stack = maker.signal_stack;
  task->schedule = maker.schedule.of_child();
  task->persona = maker.persona;
  task->is_thread_ = how.thread;
  if (how.thread) task->process_ = maker.process_;
  task->parent_ = how.thread || how.share_parent ? maker.parent_ : maker.process_;
  task->exit_signal_ = how.share_parent ? maker.exit_signal_ : how.exit_signal;
  task->clear_child_tid_ = how.clear_child_tid;
  ++next_tid_;
  ++task_count_;
  tasks_.push_back(*task);
  return task;
}

void Machine::discard(Task& task) {
  CHECK(task.state_ == Task::State::running);
  task.fds_.reset();
  task.fs_.reset();
  task.space_.reset();
  task.state_ = Task::State::zombie;
  reap(task);
}

void Machine::reap(Task& zombie) {
  CHECK(task_count_ > 0);
  tasks_.erase(tasks_.iterator_to(zombie));
  --task_count_;
  if (&zombie == first_) first_ = nullptr;
  arena_.destroy(&zombie);
}

void Machine::collect() {
  for (auto task = tasks_.begin(); task != tasks_.end();) {
    Task& candidate = *task++;
    if (candidate.state_ == Task::State::zombie && candidate.uncollected_) reap(candidate);
  }
}

void Machine::on_exit(Task& task) {
  // Children of a process go to the first one, which stands for init.
  if (!task.is_thread_) {
    for (Task& child : tasks_) {
      if (child.parent_ != task.process_ || &child == &task) continue;
      child.parent_ = first_ == &task ? 0 : 1;
      child.exit_signal_ = 17;  // reparent_leader() of Linux's kernel/exit.c: SIGCHLD, whatever it was
    }
  }
  task.uncollected_ = task.is_thread_;
  if (!task.is_thread_) tell_parent(task);
  // Its parent, whoever made it by vfork(2), which need not be its parent nor of another process, and the first process, to which
  // it may leave children that have ended.
  wake_parents();
}

// do_notify_parent() of Linux's kernel/signal.c.
void Machine::tell_parent(Task& task) {
  Task* const parent = config_.signals ? find_task(task.parent_) : nullptr;
  // clone(2) takes any number; one that is no signal is not sent.
  if (parent == nullptr || task.exit_signal_ == 0 || task.exit_signal_ > static_cast<int32_t>(signals_max)) return;
  const SignalAction& action = parent->shared_->actions()[signals::child - 1];
  const int32_t status = task.exit_status_, signal = status & 0x7f;
  send_process_signal(*parent, {.number = task.exit_signal_, .code = signal != 0 ? SignalInfo::child_killed : SignalInfo::child_exited,
                                .first = SignalInfo::sender(task.tid_, task.credentials.uid), .second = static_cast<uint64_t>(signal != 0 ? signal : status >> 8)});
  // A parent that does not want to know is not waited for.
  if (task.exit_signal_ == signals::child && (action.handler == handler_ignore || (action.flags & signal_flags::no_child_wait) != 0)) task.uncollected_ = true;
}

void Machine::ring_alarms() {
  const platform::Nanoseconds now = platform_.now(platform::ClockBase::monotonic);
  platform::Nanoseconds next = platform::no_deadline;
  for (Task& task : tasks_) {
    if (task.is_thread_) continue;
    Process& process = *task.shared_;
    if (process.alarm_due <= now) {
      send_process_signal(task, {.number = signals::alarm, .code = SignalInfo::from_kernel});
      const bool again = process.alarm_interval != 0 && process.alarm_interval < platform::no_deadline - now;
      process.alarm_due = again ? now + process.alarm_interval : platform::no_deadline;
    }
    next = std::min(next, process.alarm_due);
  }
  platform_.alarm_at(next);
}

void Machine::wake_parents() {
  for (Task& task : tasks_) task.child_exits_.wake_all();
}

Task* Machine::find_task(int32_t tid) {
  for (Task& task : tasks_) {
    if (task.tid_ == tid) return &task;
  }
  return nullptr;
}

Task* Machine::find_named(int32_t tid) {
  Task* const task = find_task(tid);
  return task == nullptr || task->uncollected_ ? nullptr : task;
}

int32_t Machine::session_of(int32_t group) {
  for (const Task& task : tasks_) {
    if (!task.is_thread_ && task.shared_->group == group) return task.shared_->session;
  }
  return 0;
}

uint32_t Machine::task_count_of(uint32_t uid) {
  uint32_t count = 0;
  for (const Task& task : tasks_) count += !task.uncollected_ && task.credentials.uid == uid;
  return count;
}

void Machine::check() const {
  arena_.check();
  uint32_t count = 0;
  int32_t last_tid = 0;
  for (const Task& task : tasks_) {
    ++count;
    CHECK(task.tid_ > last_tid);
    last_tid = task.tid_;
    if (task.state_ == Task::State::zombie) {
      CHECK(!task.fds_ && !task.fs_ && !task.space_);
      continue;
    }
    task.fds_->check();
    task.space_->check();
  }
  CHECK(count == task_count_);
  CHECK(last_tid < next_tid_);
  files_->check();
}

}  // namespace cupel::libos
