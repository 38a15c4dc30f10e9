#include "libos/fs/file_handle.hh"
#include "libos/machine/machine.hh"
#include "props/properties/chooser.hh"
#include "props/properties/sandbox.hh"

namespace cupel::props {
namespace {

using namespace libos;

constexpr uint64_t size_max = 5 * page_size;

// write, read, truncate and punching holes against a plain sequence of bytes.
template <Chooser C>
void a_file_is_a_sequence_of_bytes(C& choose) {
  Sandbox sandbox;
  Task& task = sandbox.task();
  FileSystem& files = sandbox.machine().files();
  Ref<Inode> inode = *files.create_nameless(*files.root(), task.credentials, 0644);
  auto& file = static_cast<RegularFile&>(*inode);
  Ref<FileHandle> handle = *make_counted<FileHandle>(sandbox.arena(), files, inode, static_cast<uint32_t>(OpenFlag::read_write));
  FlatMemory memory(size_max);
  std::vector<std::byte> model;
  uint8_t next = 1;
  while (choose.more()) {
    const uint64_t offset = choose.below(2) == 0 ? choose.below(size_max) : choose.below(6) * page_size;
    const uint64_t size = 1 + choose.below(2 * page_size);
    const interface::IoVec part{0, size};
    UserCursor cursor(memory, {&part, 1});
    switch (choose.below(4)) {
      case 0:
        std::fill_n(memory.bytes.begin(), size, std::byte{next++});
        CLAIM(handle->write(task, cursor, &offset) == Result<uint64_t>(size));
        model.resize(std::max<size_t>(model.size(), offset + size));
        std::copy_n(memory.bytes.begin(), size, model.begin() + static_cast<ptrdiff_t>(offset));
        break;
      case 1:
        file.resize(offset);
        model.resize(offset);
        break;
      case 2:
        file.punch(offset, offset + size);
        for (uint64_t at = offset; at < offset + size && at < model.size(); ++at) model[at] = std::byte{0};
        break;
      default: {
        const uint64_t there = offset < model.size() ? std::min<uint64_t>(size, model.size() - offset) : 0;
        CLAIM(handle->read(task, cursor, &offset) == Result<uint64_t>(there));
        CLAIM(std::equal(memory.bytes.begin(), memory.bytes.begin() + static_cast<ptrdiff_t>(there), model.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(offset, model.size()))));
        break;
      }
    }
    CLAIM(file.size() == model.size());
    file.check();
  }
  const interface::IoVec all{0, size_max};
  const uint64_t start = 0;
  UserCursor cursor(memory, {&all, 1});
  CLAIM(handle->read(task, cursor, &start) == Result<uint64_t>(std::min<uint64_t>(size_max, model.size())));
  CLAIM(std::equal(memory.bytes.begin(), memory.bytes.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(size_max, model.size())), model.begin()));
}

CUPEL_PROPERTY(File, a_file_is_a_sequence_of_bytes)

}  // namespace
}  // namespace cupel::props
