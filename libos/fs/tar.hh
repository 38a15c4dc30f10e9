#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "libos/base/result.hh"

namespace cupel::libos {

// A file of a tar archive (ustar, with pax and GNU names). Everything points into the archive or into its reader.
struct TarEntry {
  enum class Type : uint8_t { file, directory, symlink, hard_link };
  Type type;
  std::string_view path;
  std::string_view target;  // of links
  uint32_t mode;            // permission bits
  uint32_t uid, gid;
  int64_t modified;         // seconds since 1970
  std::span<const std::byte> bytes;
};

// Reads an archive that somebody else made, front to back. Each step consumes at least a block, so it ends.
class TarReader {
 public:
  static constexpr size_t block_size = 512;
  static constexpr size_t path_max = 4096;

  explicit TarReader(std::span<const std::byte> archive) : rest_(archive) {}
  // The next file; none at the end, which is two blocks of zeros or where the archive stops. EINVAL: what is there is no
  // entry, ENAMETOOLONG, EOPNOTSUPP: a kind of file that this machine has not. Valid until the next call.
  Result<std::optional<TarEntry>> next();

 private:
  using Block = std::span<const std::byte, block_size>;
  struct Header;
  struct Extended {
    std::string_view path, target;
    std::optional<uint64_t> size, uid, gid;
    std::optional<int64_t> modified;
  };

  Result<std::span<const std::byte>> take(uint64_t size);
  static Result<> read_pax(std::span<const std::byte> records, Extended& out);
  Result<TarEntry> entry(Block block, const Extended& extended);

  std::span<const std::byte> rest_;
  std::array<char, 256> joined_;  // a ustar prefix with its name
};

}  // namespace cupel::libos
