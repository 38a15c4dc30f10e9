#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "libos/base/result.hh"

// A read-only tree of files that the host lends a machine. Names are single components, nodes are numbers; no path ever goes
// across. What comes back is the host's word: it is bounded here, and nothing else is believed.
namespace cupel::platform {

struct TreeNode {
  uint64_t number = 0;   // 1 is the root; never reused
  uint64_t size = 0;
  int64_t modified_seconds = 0;
  uint32_t modified_nanoseconds = 0;
  uint32_t mode = 0;     // st_mode: type and permissions
  uint32_t uid = 0, gid = 0;
  uint32_t device = 0;   // of a device: its major number times 256, and its minor
};

class HostTree {
 public:
  static constexpr uint64_t root = 1;
  static constexpr size_t transfer_max = 128 * 1024;  // bytes one read gives at most

  virtual Result<TreeNode> node(uint64_t number) = 0;
  // ENOENT where there is no such name.
  virtual Result<TreeNode> look_up(uint64_t directory, std::string_view name) = 0;
  // The bytes of a file from `offset` on, or of a symlink's text. What is returned is valid until the next operation, and is
  // shorter than `size` only at the end.
  virtual Result<std::span<const std::byte>> read(uint64_t number, uint64_t offset, size_t size) = 0;
  // Names of a directory, each ended by a NUL, from the `skip`th on; none: that was all. Valid until the next operation.
  virtual Result<std::span<const std::byte>> list(uint64_t number, uint64_t skip) = 0;

 protected:
  ~HostTree() = default;
};

}  // namespace cupel::platform
