#include "props/model/world.hh"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "libos/base/page.hh"

namespace cupel::props {

void World::reset() {
  inodes.reset(), files.reset(), pipes.reset(), counters.reset(), epolls.reset(), timers.reset(), tables.reset();
  contexts.reset(), spaces.reset(), objects.reset(), processes.reset(), tasks.reset();
  futex_waiters.clear();
  entry_serial = objects_count = 0;
  lost = false;
  device = {};
  for (Stamp& floor : clock_floor) floor = {};
  moment = {};

  root = make_inode(FileType::directory, 0755);
  inodes[root].parent = root;
  const InodeId console = make_inode(FileType::regular, 0644);
  link(root, "console", console);

  const TaskId first = tasks.make();
  Task& task = tasks[first];
  task.tid = bounds.first_task;
  task.schedule.nice = bounds.nice;
  task.persona = bounds.persona;
  task.process = processes.make();
  processes[task.process].pid = bounds.first_task;
  Process& process = processes[task.process];
  process.tasks_alive = 1;
  process.group = process.session = task.process;
  process.leads_session = true;
  start_limits(process);
  task.table = tables.make();
  tables[task.table].references = 1;
  task.fs = contexts.make();
  contexts[task.fs].cwd = root;
  contexts[task.fs].references = 1;
  task.space = spaces.make();
  AddressSpace& space = spaces[task.space];
  space.references = 1;
  space.add({bounds.writable_base, bounds.read_only_base, prot_read | prot_write});
  space.add({bounds.read_only_base, bounds.unmapped_base, prot_read});
  if (bounds.config.break_base != 0) space.break_base.learn(bounds.config.break_base);
  space.break_end = bounds.config.break_base;

  const FileId opened = files.make();
  files[opened].inode = console;
  files[opened].flags = O_RDWR;
  for (int count = 0; count < 3; ++count) install(task.table, opened, false);
}

void World::start_limits(Process& process) const {
  const auto both = [&](uint32_t resource, uint64_t value) { process.limits[resource] = {value, value}; };
  both(RLIMIT_FSIZE, bounds.config.file_size_max);
  both(RLIMIT_CORE, 0);
  both(RLIMIT_NPROC, bounds.config.tasks_max);
  both(RLIMIT_NOFILE, bounds.config.descriptors_max);
  both(RLIMIT_MEMLOCK, bounds.config.locked_max);
  both(RLIMIT_SIGPENDING, bounds.config.signals_max);
  both(RLIMIT_MSGQUEUE, 819'200);
  both(RLIMIT_NICE, 0);
  both(RLIMIT_RTPRIO, 0);
  process.limits[RLIMIT_STACK].soft = 8 << 20;
}

TaskId World::task_of(int32_t tid) const {
  TaskId ended = TaskId::none;
  for (uint32_t index = 0; index < tasks.count(); ++index) {
    const Task& task = tasks[TaskId(index)];
    if (task.tid != tid) continue;
    if (task.alive) return TaskId(index);
    ended = TaskId(index);  // and so not one that nobody has heard of
  }
  return ended;
}

InodeId World::make_inode(FileType type, uint32_t mode) {
  const InodeId id = inodes.make();
  inodes[id].type = type;
  inodes[id].mode = mode;
  if (type == FileType::directory) inodes[id].link_count = 2;
  for (Stamp& stamp : inodes[id].times) stamp.within = moment.realtime;
  return id;
}

void World::link(InodeId directory, std::string_view name, InodeId inode) {
  inodes[directory].entries.push_back({std::string(name), inode, ++entry_serial});
  if (inodes[inode].type == FileType::directory) inodes[inode].parent = directory;
  inodes[directory].touch(modify_time | change_time, moment);
}

void World::unlink(InodeId directory, std::string_view name) {
  std::erase_if(inodes[directory].entries, [&](const DirectoryEntry& entry) { return entry.name == name; });
  inodes[directory].touch(modify_time | change_time, moment);
}

void World::remove_inode(InodeId directory, InodeId id) {
  Inode& inode = inodes[id];
  inode.touch(change_time, moment);
  if (inode.type != FileType::directory) {
    --inode.link_count;
    return;
  }
  inode.link_count = 0;
  inode.removed = true;
  --inodes[directory].link_count;
}

// Private copies of pages that the file has no more go as well.
void World::drop_private_pages(InodeId id, uint64_t size) {
  const uint64_t end = (size + page_size - 1) & ~(page_size - 1);
  for (uint32_t index = 0; index < spaces.count(); ++index) {
    AddressSpace& space = spaces[SpaceId(index)];
    for (const Region& region : space.regions) {
      if (region.file != id || region.shared) continue;
      const uint64_t kept = end > region.file_offset ? std::min(end - region.file_offset, region.end - region.begin) : 0;
      space.pages.drop((region.begin + kept) >> page_shift, region.end >> page_shift);
    }
  }
}

void World::resize(InodeId id, int64_t size) {
  Inode& inode = inodes[id];
  if (size < inode.size) inode.bytes.zero(static_cast<uint64_t>(size), INT64_MAX);
  if (size < inode.size) drop_private_pages(id, static_cast<uint64_t>(size));
  inode.size = size;
  inode.touch(modify_time | change_time, moment);
  inode.mode_unsure |= S_ISUID | S_ISGID;  // cleared unless the caller has CAP_FSETID everywhere
}

uint32_t World::install(TableId table, FileId file, bool close_on_exec, uint32_t from) {
  const uint32_t number = tables[table].lowest_free(from);
  install_at(table, number, file, close_on_exec);
  return number;
}

void World::install_at(TableId table, uint32_t number, FileId file, bool close_on_exec) {
  auto& descriptors = tables[table].descriptors;
  if (descriptors.size() <= number) descriptors.resize(number + 1);
  ++files[file].references;
  if (descriptors[number].file != FileId::none) drop_file(descriptors[number].file);
  descriptors[number] = {file, close_on_exec};
}

void World::close(TableId table, uint32_t number) {
  Descriptor& descriptor = tables[table].descriptors[number];
  drop_file(descriptor.file);
  descriptor = {};
}

void World::drop_file(FileId id) {
  OpenFile& file = files[id];
  if (--file.references > 0) return;
  file.lock = FileLock::none;
  for (uint32_t index = 0; index < epolls.count(); ++index) {
    std::erase_if(epolls[EpollId(index)].entries, [&](const EpollEntry& entry) { return entry.file == id; });
  }
  if (file.pipe == PipeId::none) return;
  if (file.readable()) --pipes[file.pipe].readers;
  if (file.writable()) --pipes[file.pipe].writers;
}

void World::drop_table(TableId id) {
  DescriptorTable& table = tables[id];
  if (--table.references > 0) return;
  for (const Descriptor& descriptor : table.descriptors) {
    if (descriptor.file != FileId::none) drop_file(descriptor.file);
  }
  table.descriptors.clear();
}

TableId World::copy_table(TableId from) {
  const TableId id = tables.make();
  tables[id].references = 1;
  tables[id].descriptors = tables[from].descriptors;
  for (const Descriptor& descriptor : tables[id].descriptors) {
    if (descriptor.file != FileId::none) ++files[descriptor.file].references;
  }
  return id;
}

void World::unshare_table(TaskId task) {
  const TableId shared = tasks[task].table;
  if (tables[shared].references == 1) return;
  tasks[task].table = copy_table(shared);
  drop_table(shared);
}

ObjectId World::object_of(uint32_t number) const {
  for (uint32_t index = 0; index < objects.count(); ++index) {
    if (objects[ObjectId(index)].number == number) return ObjectId(index);
  }
  return ObjectId::none;
}

void World::store(SpaceId id, uint64_t address, size_t size, std::span<const std::byte> bytes) {
  for (size_t done = 0; done < size;) {
    const uint64_t at = address + done;
    const Region* region = spaces[id].at(at);
    if (region == nullptr) return;
    const size_t step = std::min<size_t>(size - done, page_size - at % page_size);
    const auto part = bytes.empty() ? bytes : bytes.subspan(done, step);
    if (region->shared && region->file != InodeId::none) store_in_file(*region, region->file_offset + (at - region->begin), step, part);
    else store_in_page(id, *region, at, step, part);
    done += step;
  }
}

void World::store_in_file(const Region& region, uint64_t offset, size_t size, std::span<const std::byte> bytes) {
  Inode& inode = inodes[region.file];
  const auto end = static_cast<uint64_t>(inode.size);
  const size_t inside = offset < end ? std::min<size_t>(size, end - offset) : 0;
  if (!bytes.empty()) inode.bytes.write(offset, bytes.first(inside));
  // Bytes stored behind the end may show when the file grows.
  inode.bytes_unsure |= bytes.empty() || inside < size;
  inode.touch(modify_time | change_time, moment);
}

// A private page of a file is a copy of the file's from when it is first stored into.
void World::store_in_page(SpaceId id, const Region& region, uint64_t address, size_t size, std::span<const std::byte> bytes) {
  FileBytes* pages = &spaces[id].pages;
  uint64_t where = address;
  if (region.shared) {
    ObjectId object = object_of(region.object);
    if (object == ObjectId::none) object = objects.make(), objects[object].number = region.object;
    pages = &objects[object].bytes;
    where = region.file_offset + (address - region.begin);
  }
  const uint64_t number = where >> page_shift;
  if (bytes.empty()) return pages->doubt(number);
  if (region.file != InodeId::none && !pages->has(number)) {
    const Inode& inode = inodes[region.file];
    std::array<std::byte, page_size> copy;
    inode.bytes.read(region.file_offset + (address - address % page_size - region.begin), copy);
    pages->write(number << page_shift, copy);
    if (inode.bytes_unsure) pages->doubt(number);
  }
  pages->write(where, bytes.first(size));
}

}  // namespace cupel::props
