#include "fuzz/snp/system_disk.hh"

#include <fmt/format.h>

#include <numeric>
#include <string>
#include <vector>

namespace cupel::fuzz::snp {
namespace {

constexpr size_t block = 512;

void put_text(std::span<uint8_t> field, std::string_view text) { std::ranges::copy(text, field.begin()); }

// A ustar header and the file's bytes, in whole blocks.
void add_file(std::vector<uint8_t>& archive, std::string_view path, size_t size) {
  std::vector<uint8_t> header(block);
  const std::span field(header);
  put_text(field, path);
  put_text(field.subspan(100), "0000755");
  put_text(field.subspan(108), "0000000");
  put_text(field.subspan(116), "0000000");
  put_text(field.subspan(124), fmt::format("{:011o}", size));
  put_text(field.subspan(136), "00000000000");
  put_text(field.subspan(148), "        ");
  header[156] = '0';
  put_text(field.subspan(257), "ustar");
  put_text(field.subspan(263), "00");
  put_text(field.subspan(148), fmt::format("{:06o}", std::accumulate(header.begin(), header.end(), 0u)));
  header[154] = 0;
  archive.insert(archive.end(), header.begin(), header.end());
  for (size_t index = 0; index < (size + block - 1) / block * block; ++index) archive.push_back(index < size ? static_cast<uint8_t>('a' + index % 26) : uint8_t{0});
}

}  // namespace

std::span<const uint8_t> system_disk() {
  static const std::vector<uint8_t> disk = [] {
    std::vector<uint8_t> archive;
    add_file(archive, "bin/one", 600);
    add_file(archive, "etc/two", 20);
    archive.resize(archive.size() + 2 * block);
    return archive;
  }();
  return disk;
}

}  // namespace cupel::fuzz::snp
