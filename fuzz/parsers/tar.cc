// The input is a tar archive, as a host gives a machine its first files. What the reader says lies in the archive, and what is
// unpacked is what it said.
#include "libos/fs/tar.hh"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "fuzz/parsers/file_target.hh"
#include "libos/fs/file_system.hh"
#include "libos/fs/unpack.hh"
#include "libos/machine/machine.hh"

namespace cupel::fuzz {
namespace {

using namespace libos;

constexpr std::array<std::string_view, 3> oracle_names{"entry", "unpacked", "leak"};
constexpr size_t block_size = TarReader::block_size;

class TarTarget final : public FileTarget {
 public:
  std::string_view name() const override { return "tar"; }
  std::span<const std::string_view> oracles() const override { return oracle_names; }

 private:
  std::string feed(Machine& machine, ByteView input) override {
    const auto archive = std::as_bytes(input);
    std::string said;
    TarReader reader(archive);
    size_t entries = 0, bytes = 0;
    auto entry = reader.next();
    for (; entry && *entry; entry = reader.next()) {
      const TarEntry& one = **entry;
      said += fmt::format("{} {} {:o} {} bytes\n", static_cast<int>(one.type), one.path, one.mode, one.bytes.size());
      expect(!one.path.empty() && one.path.size() < TarReader::path_max && one.path.find('\0') == std::string_view::npos, "entry", "a path is one");
      expect(one.bytes.empty() || (one.bytes.data() >= archive.data() && one.bytes.data() + one.bytes.size() <= archive.data() + archive.size()), "entry", "a file's bytes lie in the archive");
      expect((one.mode & ~07777u) == 0, "entry", "a mode has permission bits alone");
      ++entries, bytes += one.bytes.size();
    }
    expect(entries <= input.size() / block_size && bytes <= input.size(), "entry", "an archive has no more files and bytes than it is long");
    const auto unpacked = unpack_tar(machine.files(), archive);
    if (!entry) expect(!unpacked.has_value(), "unpacked", "an archive that cannot be read is not unpacked whole");
    if (entry && unpacked) look_again(machine, archive);
    return said + (unpacked ? "unpacked\n" : fmt::format("refused: {}\n", errno_name(unpacked.error())));
  }

  // The last entry of a name is what is there, unless something after it led elsewhere: only archives without links are compared.
  void look_again(Machine& machine, std::span<const std::byte> archive) {
    std::vector<TarEntry> all;
    TarReader reader(archive);
    std::vector<std::string> paths;
    for (auto entry = reader.next(); entry && *entry; entry = reader.next()) {
      if ((*entry)->type == TarEntry::Type::symlink || (*entry)->type == TarEntry::Type::hard_link) return;
      all.push_back(**entry), paths.emplace_back((*entry)->path);
      while (paths.back().ends_with('/')) paths.back().pop_back();  // "fd/" takes the place of "fd"
    }
    const Credentials root{};
    const Walker walker{machine.files().root(), machine.files().root(), &root};
    for (size_t index = 0; index < all.size(); ++index) {
      const auto found = machine.files().find(walker, paths[index], Follow::no);
      const bool again = std::find(paths.begin() + static_cast<ptrdiff_t>(index) + 1, paths.end(), paths[index]) != paths.end() || paths[index].find("/.") != std::string::npos || paths[index].find("//") != std::string::npos || paths[index].starts_with('.');
      if (again || !paths[index].starts_with("f")) continue;  // names that lead to themselves alone
      expect(found.has_value(), "unpacked", "what was unpacked is there", paths[index]);
      if (!found || all[index].type != TarEntry::Type::file) continue;
      expect((*found)->is_regular() && (*found)->size() == all[index].bytes.size(), "unpacked", "a file has its size", paths[index]);
      auto* file = static_cast<RegularFile*>(found->get());
      for (size_t at = 0; (*found)->is_regular() && at < std::min(all[index].bytes.size(), (*found)->size()); ++at) {
        expect(file->page(at / page_size).value()[at % page_size] == all[index].bytes[at], "unpacked", "a file has its bytes", paths[index]);
      }
    }
  }

  static void put_text(Bytes& file, size_t offset, std::string_view text) { std::ranges::copy(text, file.begin() + static_cast<ptrdiff_t>(offset)); }

  static void sign(Bytes& file, size_t block) {
    put_text(file, block + 148, "        ");
    unsigned sum = 0;
    for (size_t at = block; at < block + block_size; ++at) sum += file[at];
    put_text(file, block + 148, fmt::format("{:06o}", sum));
    file[block + 154] = 0;
  }

  void mend(Bytes& input) override {
    for (size_t block = 0; block + block_size <= input.size(); block += block_size) {
      if (std::memcmp(input.data() + block + 257, "ustar", 5) == 0) sign(input, block);
    }
  }

  Bytes sample(Random& random) override {
    static constexpr std::array<std::string_view, 8> names{"f1", "f2", "fd/", "fd/f3", "./a/../b", "/c", "l", "l/x"};
    Bytes file;
    for (uint32_t members = random.between(1, 5); members > 0; --members) {
      const size_t block = file.size();
      static constexpr std::string_view types{"00005125xLKg", 12};
      const char type = random.pick(types);
      std::string content;
      if (type == 'x') content = "18 path=f" + std::string(8, 'p') + "\n";
      else if (type == 'L' || type == 'K') content = std::string(random.between(1, 300), 'f');
      else if (type == '0') content = std::string(random.below(1200), 'b');
      file.resize(block + block_size + (content.size() + block_size - 1) / block_size * block_size);
      put_text(file, block, random.pick(names)), put_text(file, block + 100, "0000644"), put_text(file, block + 108, "0000000"), put_text(file, block + 116, "0000000");
      put_text(file, block + 124, fmt::format("{:011o}", content.size())), put_text(file, block + 136, "00000000000");
      file[block + 156] = static_cast<uint8_t>(type);
      put_text(file, block + 157, random.pick(names)), put_text(file, block + 257, "ustar"), put_text(file, block + 263, "00");
      if (random.one_in(6)) put_text(file, block + 345, "fd/e");
      put_text(file, block + block_size, content);
      sign(file, block);
    }
    return file;
  }
};

const TargetInfo info{"tar", "tar archives, from which a machine gets its first files", [] { return std::unique_ptr<Target>(std::make_unique<TarTarget>()); }};
const TargetRegistration registration(info);

}  // namespace
}  // namespace cupel::fuzz
