#include "libos/fs/lower.hh"

#include <algorithm>
#include <array>
#include <cstring>

#include "libos/fs/device.hh"
#include "libos/fs/file_system.hh"

namespace cupel::libos {
namespace {

constexpr uint32_t type_mask = 0170000, permission_mask = 07777;

// A symlink's text, which the host may have made anything.
Result<Ref<Inode>> make_link(FileSystem& files, platform::HostTree& tree, const platform::TreeNode& node) {
  const auto text = TRY(tree.read(node.number, 0, path_size_max));
  if (text.empty() || text.size() >= path_size_max || std::ranges::find(text, std::byte{0}) != text.end()) return fail(Errno::io);
  // SAFETY: bytes looked at as characters.
  return Ref<Inode>(TRY(Symlink::create(files.arena(), files.take_inode_number(), node.uid, node.gid, {reinterpret_cast<const char*>(text.data()), text.size()})));
}

// An inode for what the host has there. ENOENT for what a machine has none of: sockets, pipes, block devices.
Result<Ref<Inode>> make_inode(FileSystem& files, platform::HostTree& tree, const platform::TreeNode& node) {
  const uint32_t permissions = node.mode & permission_mask;
  Ref<Inode> made;
  switch (node.mode & type_mask) {
    case static_cast<uint32_t>(FileType::directory): {
      auto directory = TRY(make_counted<Directory>(files.arena(), files.take_inode_number(), permissions, node.uid, node.gid));
      directory->lower = {&files, node.number, 0};
      made = directory;
      break;
    }
    case static_cast<uint32_t>(FileType::regular): {
      auto file = TRY(make_counted<RegularFile>(files.arena(), files.arena(), files.take_inode_number(), node.mode & (type_mask | permission_mask), node.uid, node.gid));
      file->attach({&files, node.number, std::min<uint64_t>(node.size, INT64_MAX)});
      made = file;
      break;
    }
    case static_cast<uint32_t>(FileType::symlink): made = TRY(make_link(files, tree, node)); break;
    case static_cast<uint32_t>(FileType::character):
      if (!Device::exists(node.device)) return fail(Errno::noent);
      made = TRY(make_counted<Device>(files.arena(), files.take_inode_number(), permissions, node.uid, node.gid, static_cast<Device::Number>(node.device)));
      break;
    default: return fail(Errno::noent);
  }
  const Timespec modified{node.modified_seconds, std::min(node.modified_nanoseconds, 999'999'999u)};
  made->accessed = made->modified = made->changed = modified;
  return made;
}

}  // namespace

Result<Entry*> Directory::look_up(std::string_view name) {
  if (Entry* known = find(name); known != nullptr || lower.files == nullptr) return known;
  platform::HostTree& tree = *lower.files->tree();
  auto node = tree.look_up(lower.node, name);
  if (!node) return node.error() == Errno::noent ? Result<Entry*>(nullptr) : fail(node.error());
  auto inode = make_inode(*lower.files, tree, *node);
  if (!inode) return inode.error() == Errno::noent ? Result<Entry*>(nullptr) : fail(inode.error());
  Entry* entry = TRY(make_entry(name, *inode));
  link(*entry);
  if ((*inode)->is_directory()) {
    static_cast<Directory&>(**inode).parent = Ref<Directory>(this);
    ++link_count;
  } else {
    (*inode)->link_count = 1;
  }
  return entry;
}

Result<> Directory::populate() {
  if (lower.files == nullptr) return {};
  platform::HostTree& tree = *lower.files->tree();
  for (uint64_t skip = 0;;) {
    const auto names = TRY(tree.list(lower.node, skip));
    if (names.empty()) break;
    // Looking a name up overwrites the list.
    std::byte* copy = static_cast<std::byte*>(TRY(arena().allocate(names.size())));
    const size_t size = names.size();
    std::memcpy(copy, names.data(), size);
    std::string_view rest(reinterpret_cast<const char*>(copy), size);  // SAFETY: bytes looked at as characters
    Result<> result{};
    while (!rest.empty() && result) {
      const std::string_view name = rest.substr(0, rest.find('\0'));
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
      ++skip;
      const bool is_name = !name.empty() && name.size() <= name_size_max && name != "." && name != ".." && !name.contains('/');
      if (!is_name) continue;
      if (auto entry = look_up(name); !entry) result = fail(entry.error());
    }
    arena().free(copy, size);
    TRY(result);
  }
  lower = {};
  return {};
}

void RegularFile::attach(const Lower& content) {
  CHECK(pages_.count() == 0);
  lower_ = content;
  size_ = content.size;
}

// Some pages at once: who reads one mostly reads the next.
Result<> RegularFile::load(uint64_t index) {
  if (index >= (lower_.size + page_size - 1) / page_size || pages_.find(index) != nullptr) return {};
  constexpr uint64_t at_once = platform::HostTree::transfer_max / page_size;
  const uint64_t offset = index * page_size;
  const auto bytes = TRY(lower_.files->tree()->read(lower_.node, offset, static_cast<size_t>(std::min<uint64_t>(at_once * page_size, lower_.size - offset))));
  // A file that the host made shorter meanwhile reads as zeros there.
  static_cast<void>(TRY(pages_.find_or_make(index)));
  for (uint64_t done = 0; done < bytes.size(); done += page_size) {
    const uint64_t at = index + done / page_size;
    if (done > 0 && pages_.find(at) != nullptr) continue;
    auto frame = pages_.find_or_make(at);
    if (!frame) return done > 0 ? Result<>{} : fail(frame.error());
    std::memcpy((*frame)->bytes(), bytes.data() + done, std::min<uint64_t>(page_size, bytes.size() - done));
  }
  return {};
}

Result<> RegularFile::load_all() {
  for (uint64_t index = 0; index < (lower_.size + page_size - 1) / page_size; ++index) TRY(load(index));
  lower_ = {};
  return {};
}

}  // namespace cupel::libos
