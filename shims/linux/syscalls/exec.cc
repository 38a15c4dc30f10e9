#include "shims/linux/syscalls/exec.hh"

#include "libos/exec/exec.hh"
#include "libos/fd/fd_table.hh"
#include "libos/machine/machine.hh"
#include "shims/linux/syscalls/path.hh"

namespace cupel::linux_shim {
namespace {

using namespace libos;

// An object of the arena for as long as a call runs: too large for a stack.
template <class T>
class Scratch {
 public:
  template <class... Args>
  static Result<Scratch> create(Arena& arena, Args&&... args) {
    return Scratch(arena, TRY(arena.make<T>(std::forward<Args>(args)...)));
  }
  Scratch(Scratch&& other) : arena_(other.arena_), object_(std::exchange(other.object_, nullptr)) {}
  ~Scratch() {
    if (object_ != nullptr) arena_.destroy(object_);
  }
  T& operator*() const { return *object_; }

 private:
  Scratch(Arena& arena, T* object) : arena_(arena), object_(object) {}
  Arena& arena_;
  T* object_;
};

// de_thread() of Linux's fs/exec.c: the process's other tasks end first.
Result<> end_other_threads(Task& task) {
  for (;;) {
    bool alone = true;
    for (Task& other : task.machine().tasks()) {
      if (&other == &task || other.pid() != task.pid() || other.state() != Task::State::running) continue;
      other.kill(0);
      alone = false;
    }
    if (alone) return {};
    Waiter waiter(task);
    task.child_exits().add(waiter);
    // A wake-up for nothing is no reason to give up; being killed is.
    if (auto slept = task.sleep_through_signals(platform::no_deadline); !slept && task.killed()) return slept;
  }
}

}  // namespace

Result<Done> execve(Task& task, UserPath path, Address argument_vector, Address variable_vector) {
  if (task.tid() != task.pid()) return fail(Errno::again);
  auto name = TRY(Scratch<PathArgument>::create(task.arena()));
  TRY((*name).read(task, path));
  Place place = TRY((*name).walk(task, at_cwd, Follow::yes));
  if (!place.inode) return fail(Errno::noent);
  auto arguments = TRY(Scratch<Arguments>::create(task.arena(), task.arena(), task.machine().config().argument_size_max));
  TRY((*arguments).add_arguments(task.memory(), argument_vector.value));
  TRY((*arguments).add_variables(task.memory(), variable_vector.value));
  NewProgram program = TRY(prepare_program(task, place.inode, (*name).text(), *arguments));
  TRY(task.unshare_fds());
  TRY(task.unshare_handlers());
  TRY(end_other_threads(task));
  become(task, std::move(program));
  return Done{};
}

// do_arch_prctl_64() of Linux's arch/x86/kernel/process_64.c.
Result<Done> arch_prctl(Task& task, Choice<ArchOperation> operation, Address address) {
  const ArchOperation what = TRY(operation.get());
  platform::GuestRegisters& registers = task.platform().registers(task.tid());
  const bool is_fs = what == ArchOperation::set_fs || what == ArchOperation::get_fs;
  uint64_t& base = is_fs ? registers.fs_base : registers.gs_base;
  if (what == ArchOperation::get_fs || what == ArchOperation::get_gs) {
    const uint64_t value = base;
    TRY(task.memory().write(address.value, std::as_bytes(std::span(&value, 1))));
    return Done{};
  }
  if (address.value >= user_limit) return fail(Errno::perm);
  base = address.value;
  return Done{};
}

Result<Done> ioctl(Task& task, Fd<> fd, Int, Address) {
  TRY(task.fds().get_io(fd.raw));
  return fail(Errno::notty);
}

}  // namespace cupel::linux_shim
