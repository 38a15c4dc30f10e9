#include "libos/fs/unpack.hh"

#include <algorithm>
#include <cstring>

#include "libos/fs/tar.hh"

namespace cupel::libos {
namespace {

constexpr Credentials maker{};  // root

class Unpacker {
 public:
  explicit Unpacker(FileSystem& files) : files_(files) {}

  Result<> add(const TarEntry& entry) {
    std::string_view path = entry.path;
    while (!path.empty() && path.back() == '/') path.remove_suffix(1);
    if (path.empty()) return {};  // the root itself
    TRY(make_parents(path));
    Place place = TRY(files_.walk(walker_, path, Follow::never));
    if (place.last != Place::Last::name) return {};  // "." and what leads back to a directory
    TRY(place.lookup);
    const bool is_directory = entry.type == TarEntry::Type::directory;
    if (place.inode && !(is_directory && place.inode->is_directory())) {
      if (entry.type == TarEntry::Type::hard_link && TRY(find_target(entry)) == place.inode) return {};
      TRY(files_.unlink(place, maker));  // EISDIR: a directory gives way to nothing
      place.inode.reset();
    }
    if (!place.inode) TRY(make(entry, place));
    if (entry.type == TarEntry::Type::hard_link) return {};
    const Ref<Inode> made = TRY(files_.find(walker_, path, Follow::no));
    describe(*made, entry);
    return {};
  }

 private:
  Result<Ref<Inode>> find_target(const TarEntry& entry) const { return files_.find(walker_, entry.target, Follow::no); }

  Result<> make_parents(std::string_view path) {
    for (size_t slash = path.find('/', 1); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
      const Place place = TRY(files_.walk(walker_, path.substr(0, slash), Follow::yes));
      if (!place.inode) TRY(files_.make_directory(place, maker, 0755));
    }
    return {};
  }

  Result<> make(const TarEntry& entry, const Place& place) {
    switch (entry.type) {
      case TarEntry::Type::directory: return files_.make_directory(place, maker, entry.mode);
      case TarEntry::Type::symlink: return entry.target.empty() ? fail(Errno::inval) : files_.make_symlink(place, maker, entry.target);
      case TarEntry::Type::hard_link: return files_.link(place, maker, TRY(find_target(entry)));
      case TarEntry::Type::file: break;
    }
    const Ref<Inode> inode = TRY(files_.create_file(place, maker, entry.mode));
    auto& file = static_cast<RegularFile&>(*inode);
    if (entry.bytes.size() > files_.config().file_size_max) return fail(Errno::fbig);
    for (size_t at = 0; at < entry.bytes.size(); at += page_size) {
      const auto bytes = entry.bytes.subspan(at, std::min<size_t>(page_size, entry.bytes.size() - at));
      std::memcpy(TRY(file.page_for_writing(at / page_size)), bytes.data(), bytes.size());
      file.grow(at + bytes.size());
    }
    return {};
  }

  static void describe(Inode& inode, const TarEntry& entry) {
    inode.uid = entry.uid, inode.gid = entry.gid;
    if (!inode.is_symlink()) inode.mode = (inode.mode & 0170000) | entry.mode;
    inode.modified = inode.accessed = {entry.modified, 0};
  }

  FileSystem& files_;
  const Walker walker_{files_.root(), files_.root(), &maker};
};

}  // namespace

Result<> unpack_tar(FileSystem& files, std::span<const std::byte> archive) {
  TarReader reader(archive);
  Unpacker unpacker(files);
  for (;;) {
    const auto entry = TRY(reader.next());
    if (!entry) return {};
    TRY(unpacker.add(*entry));
  }
}

}  // namespace cupel::libos
