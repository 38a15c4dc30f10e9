#pragma once
#include <string_view>

#include "libos/fs/attributes.hh"
#include "libos/fs/lower.hh"
#include "libos/fs/stat.hh"
#include "libos/mm/mappable.hh"
#include "libos/mm/page_store.hh"

namespace cupel::libos {

class Directory;
struct Credentials;

// rwx as access(2) has them.
enum class Permission : uint32_t { execute = 1, write = 2, read = 4 };
constexpr Permission operator|(Permission a, Permission b) { return static_cast<Permission>(static_cast<uint32_t>(a) | static_cast<uint32_t>(b)); }

// A file, whatever its names: what stat(2) speaks of.
class Inode : public Mappable {
 public:
  Inode(uint64_t number, uint32_t mode, uint32_t uid, uint32_t gid) : number(number), mode(mode), uid(uid), gid(gid) {}
  ~Inode() override { attributes.clear(arena()); }

  const uint64_t number;
  uint32_t mode;  // type and permission bits
  uint32_t uid, gid;
  uint32_t represented_device = 0;  // st_rdev, of a device
  uint32_t link_count = 0;
  uint32_t writer_count = 0;  // open descriptions that may write it: while there are any it is not executed
  Timespec accessed{}, modified{}, changed{};
  Attributes attributes;

  FileType type() const { return static_cast<FileType>(mode & 0170000); }
  bool is_directory() const { return type() == FileType::directory; }
  bool is_regular() const { return type() == FileType::regular; }
  bool is_symlink() const { return type() == FileType::symlink; }
  bool is_device() const { return type() == FileType::character; }
  bool is_pipe() const { return type() == FileType::fifo; }
  // Behind a descriptor that is no file, as an eventfd's: it has no type, and nothing of it can be changed.
  bool is_anonymous() const { return (mode & 0170000) == 0; }
  virtual uint64_t size() const = 0;          // st_size
  virtual uint64_t page_count() const { return 0; }  // allocated
  Stat stat() const;
  // EACCES where `who` may not; root may all but execute what no one may execute.
  Result<> allow(const Credentials& who, Permission wanted) const;
  // chmod, utimensat and their kin are for the owner and root.
  bool owned_by(const Credentials& who) const;
  Result<Ref<Frame>> frame(uint64_t) override { return fail(Errno::nodev); }
  Result<const std::byte*> look(uint64_t) const override { return fail(Errno::nodev); }
  virtual void check() const;
};

// A regular file: sparse pages.
class RegularFile : public Inode {
 public:
  RegularFile(Arena& arena, uint64_t inode_number, uint32_t file_mode, uint32_t owner, uint32_t group)
      : Inode(inode_number, file_mode, owner, group), pages_(arena) {}
  ~RegularFile() override { drop_mapped(0); }

  uint64_t size() const override { return size_; }
  uint64_t page_count() const override { return pages_.count(); }
  // For a mapping: EFAULT beyond the last page.
  Result<Ref<Frame>> frame(uint64_t index) override;
  Result<const std::byte*> look(uint64_t index) const override;
  // What it holds until it is changed, before anything else is done with it.
  void attach(const Lower& content);
  // The bytes of page `index` for reading, nullptr for a hole; and for writing.
  Result<const std::byte*> page(uint64_t index);
  Result<std::byte*> page_for_writing(uint64_t index);
  void grow(uint64_t size) { size_ = size > size_ ? size : size_; }
  // truncate(2): what lies beyond is gone, from mappings too, and reads as zero should the file grow again.
  Result<> resize(uint64_t size);
  // fallocate(2): pages [first, last) exist afterwards, or none of them is new.
  Result<> preallocate(uint64_t first, uint64_t last);
  // fallocate(FALLOC_FL_PUNCH_HOLE): [offset, end) reads as zero.
  Result<> punch(uint64_t offset, uint64_t end);
  // Where its data and its holes are.
  Result<const PageStore*> pages();
  void check() const override;

 private:
  void zero(uint64_t offset, uint64_t end);
  void drop_mapped(uint64_t first_page);
  Result<> load(uint64_t index);  // what the lower tree has there, if it is still the lower tree's
  Result<> load_all();

  Lower lower_;
  PageStore pages_;
  uint64_t size_ = 0;
};

class AnonymousInode : public Inode {
 public:
  AnonymousInode() : Inode(0, 0600, 0, 0) { link_count = 1; }
  uint64_t size() const override { return 0; }
};

// Of a descriptor that is no file: the device is that of no file system.
Stat anonymous_stat(const Inode& inode);

class Symlink : public Inode {
 public:
  static Result<Ref<Symlink>> create(Arena& arena, uint64_t number, uint32_t uid, uint32_t gid, std::string_view target);
  Symlink(uint64_t inode_number, uint32_t owner, uint32_t group) : Inode(inode_number, 0120777, owner, group) {}
  ~Symlink() override;
  std::string_view target() const { return {text_, size_}; }
  uint64_t size() const override { return size_; }

 private:
  char* text_ = nullptr;
  size_t size_ = 0;
};

}  // namespace cupel::libos
