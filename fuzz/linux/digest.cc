#include "fuzz/linux/digest.hh"

#include "fuzz/linux/hash.hh"
#include "libos/fd/fd_table.hh"
#include "libos/fs/file_system.hh"
#include "libos/fs/fs_context.hh"
#include "libos/ipc/epoll.hh"
#include "libos/ipc/eventfd.hh"
#include "libos/ipc/pipe.hh"
#include "libos/ipc/timerfd.hh"
#include "libos/mm/address_space.hh"
#include "libos/task/process.hh"

namespace cupel::fuzz {
namespace {

using libos::Task;

class Digest {
 public:
  uint64_t of(libos::Machine& machine) {
    for (Task& task : machine.tasks()) add(task);
    add(*machine.files().root());
    return hash_.value();
  }

 private:
  void add(Task& task) {
    numbers(task.tid(), task.pid(), task.parent_pid(), task.state(), task.exit_status(), task.killed());
    libos::Process& process = task.process();
    numbers(process.group, process.session, process.leads_session);
    numbers(task.schedule.policy, task.schedule.resets_on_fork, task.schedule.priority, task.schedule.nice, task.persona);
    for (uint32_t limit = 0; limit < libos::limits_count; ++limit) numbers(process.limits[libos::LimitOf(limit)].soft, process.limits[libos::LimitOf(limit)].hard);
    if (task.state() != Task::State::running) return;
    numbers(task.credentials.euid, task.credentials.egid, task.credentials.groups_count, task.fs().umask, task.fs().working->number);
    numbers(task.space().barriers);
    const libos::FdTable& fds = task.fds();
    for (uint32_t number = 0; number < fds.slot_count(); ++number) {
      libos::OpenFile* file = fds.at(number);
      if (file == nullptr) continue;
      numbers(number, *fds.close_on_exec(libos::RawFd(number)));
      add(task, *file);
    }
    numbers(task.space().future);
    for (const libos::Vma& vma : task.space().vmas()) {
      numbers(vma.start, vma.end, vma.access, vma.shared, vma.may_write, vma.locking, vma.object_start, place(vma.object.get()));
    }
  }

  void add(Task& task, libos::OpenFile& file) {
    numbers(place(&file), file.flags(), file.descriptor_count, file.lock.kind());
    if (file.as_file() != nullptr) numbers(file.seek(task, 0, libos::Whence::current).value_or(0));
    if (const libos::TimerFd* timer = file.as_timer()) numbers(timer->due());  // not whether anybody has noticed that it has run out
    if (const libos::Epoll* epoll = file.as_epoll()) {
      for (const libos::EpollItem& item : epoll->items()) numbers(item.key.number, place(item.key.file), item.interest.events, item.interest.data);
    }
    if (file.kind() == interface::Resource::eventfd) numbers(static_cast<libos::EventFd&>(file).value());
    const libos::Inode* inode = file.inode();
    attributes(*inode);
    if (inode->is_pipe()) {
      const auto& pipe = static_cast<const libos::Pipe&>(*inode);
      numbers(pipe.filled(), pipe.reader_count, pipe.writer_count);
    }
  }

  void add(libos::Directory& directory) {
    attributes(directory);
    for (libos::Entry* entry = directory.at_or_before(directory.newest_cookie()); entry != nullptr; entry = directory.at_or_before(entry->cookie - 1)) {
      numbers(entry->cookie);
      hash_.add(std::as_bytes(std::span(entry->name())));
      if (entry->inode->is_directory()) add(static_cast<libos::Directory&>(*entry->inode));
      else attributes(*entry->inode);
    }
  }

  void attributes(const libos::Inode& inode) {
    // Not how many pages it has: an argument that lies in a mapping of it makes one appear as it is read.
    numbers(inode.number, inode.mode, inode.uid, inode.gid, inode.link_count, inode.size());
    for (const libos::Attributes::Attribute& attribute : inode.attributes.all()) {
      hash_.add(std::as_bytes(std::span(attribute.name())));
      hash_.add(attribute.value());
    }
    for (const libos::Timespec& time : {inode.accessed, inode.modified, inode.changed}) numbers(time.seconds, time.nanoseconds);
  }

  // Which object it is; SAFETY: compared within one run, not followed.
  static uint64_t place(const void* object) { return reinterpret_cast<uint64_t>(object); }
  template <class... T>
  void numbers(T... all) {
    (hash_.add(static_cast<uint64_t>(all)), ...);
  }

  Hash hash_;
};

}  // namespace

uint64_t visible_digest(libos::Machine& machine) { return Digest().of(machine); }

}  // namespace cupel::fuzz
