#pragma once
#include "libos/fd/user_cursor.hh"
#include "libos/fs/inode.hh"

namespace cupel::libos {

class Task;

// A character device: one of those which every program may expect, and which need nothing from the host.
class Device : public Inode {
 public:
  // Numbers as Linux's devices.txt has them: the major times 256, and the minor.
  enum class Number : uint32_t { null = 0x103, zero = 0x105, full = 0x107, random = 0x108, urandom = 0x109 };
  static bool exists(uint32_t number);

  Device(uint64_t inode_number, uint32_t permissions, uint32_t owner, uint32_t group, Number which)
      : Inode(inode_number, static_cast<uint32_t>(FileType::character) | permissions, owner, group), which_(which) {
    represented_device = static_cast<uint32_t>(which);
  }
  uint64_t size() const override { return 0; }
  Result<uint64_t> read(Task& task, UserCursor& out);
  Result<uint64_t> write(UserCursor& in);

 private:
  const Number which_;
};

}  // namespace cupel::libos
