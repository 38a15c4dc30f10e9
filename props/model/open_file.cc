#include "props/model/open_file.hh"

#include <fcntl.h>

namespace cupel::props {

void OpenFile::clear() {
  inode = InodeId::none;
  pipe = PipeId::none;
  counter = CounterId::none;
  epoll = EpollId::none;
  timer = TimerId::none;
  flags = references = rewound_at = 0;
  lock = FileLock::none;
  offset = {true, 0};
  listed.clear();
  listing_unsure = false;
}

// The access mode 3 is neither: such a descriptor is for ioctl(2) alone.
bool OpenFile::readable() const {
  const uint32_t mode = flags & O_ACCMODE;
  return !is_path() && (mode == O_RDONLY || mode == O_RDWR);
}
bool OpenFile::writable() const {
  const uint32_t mode = flags & O_ACCMODE;
  return !is_path() && (mode == O_WRONLY || mode == O_RDWR);
}
bool OpenFile::is_path() const { return has(O_PATH); }

void Pipe::clear() {
  bytes.clear();
  begin = 0;
  fragments.clear();
  loans.clear();
  arrivals = changes = 0;
  readers = writers = 0;
  unsure = false;
}

uint32_t DescriptorTable::lowest_free(uint32_t from) const {
  while (from < descriptors.size() && descriptors[from].file != FileId::none) ++from;
  return from;
}

FileId DescriptorTable::at(int32_t number) const {
  const auto index = static_cast<uint32_t>(number);
  return index < descriptors.size() ? descriptors[index].file : FileId::none;
}

}  // namespace cupel::props
