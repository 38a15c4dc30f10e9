#pragma once
#include <cstring>
#include <span>
#include <string_view>

#include "libos/base/result.hh"

// A relocatable ELF file of x86-64, as it lies in memory of ours: each access is within the file.
namespace cupel::lvbs::elf {

template <class Word>
constexpr bool in_file(const Word& offset, const Word& size, const Word& file_size) {
  if (offset > file_size) return false;
  return static_cast<bool>(size <= file_size - offset);
}

struct Section {
  uint32_t name, type;
  uint64_t flags, address, offset, size;
  uint32_t link, info;
  uint64_t alignment, entry_size;
};
struct Symbol {
  uint32_t name;
  uint8_t info, other;
  uint16_t section;
  uint64_t value, size;
};
struct Relocation {
  uint64_t offset, info;
  int64_t addend;
};
static_assert(sizeof(Section) == 64 && sizeof(Symbol) == 24 && sizeof(Relocation) == 24);

inline constexpr uint32_t symbols_section = 2, strings_section = 3, relocations_section = 4, no_bits = 8;
inline constexpr uint64_t flag_write = 1, flag_alloc = 2, flag_execute = 4;
inline constexpr uint16_t undefined = 0, absolute = 0xfff1;
inline constexpr unsigned sections_max = 48;

// What a relocation makes of S + A - P, and whether it fits what it is written to.
enum class Kind : uint32_t { abs64 = 1, pc32 = 2, plt32 = 4, abs32 = 10, abs32s = 11, pc64 = 24 };
template <class Word>
struct Value {
  Word word;
  unsigned size;
};
template <class Word>
constexpr Result<Value<Word>> relocate(uint32_t kind, const Word& symbol, const Word& addend, const Word& place) {
  const Word whole = symbol + addend;
  switch (static_cast<Kind>(kind)) {
    case Kind::abs64: return Value<Word>{whole, 8};
    case Kind::pc64: return Value<Word>{whole - place, 8};
    case Kind::abs32:
      if (whole > Word(0xffff'ffff)) return fail(Errno::noexec);
      return Value<Word>{whole, 4};
    case Kind::abs32s:
      if (whole + Word(0x8000'0000) > Word(0xffff'ffff)) return fail(Errno::noexec);
      return Value<Word>{whole, 4};
    case Kind::pc32:
    case Kind::plt32:
      if (whole - place + Word(0x8000'0000) > Word(0xffff'ffff)) return fail(Errno::noexec);
      return Value<Word>{whole - place, 4};
  }
  return fail(Errno::noexec);
}

class File {
 public:
  // ENOEXEC where it is not a relocatable of x86-64, or one of its tables is not within it.
  static Result<File> open(std::span<const uint8_t> bytes) {
    constexpr uint8_t ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    if (bytes.size() < 64 || std::memcmp(bytes.data(), ident, sizeof ident) != 0) return fail(Errno::noexec);
    File file(bytes);
    if (file.at<uint16_t>(16) != 1 || file.at<uint16_t>(18) != 62 || file.at<uint16_t>(58) != sizeof(Section)) return fail(Errno::noexec);
    file.sections_at_ = file.at<uint64_t>(40), file.count_ = file.at<uint16_t>(60), file.names_ = file.at<uint16_t>(62);
    if (file.count_ < 2 || file.count_ > sections_max || file.names_ >= file.count_) return fail(Errno::noexec);
    if (!in_file<uint64_t>(file.sections_at_, file.count_ * sizeof(Section), bytes.size())) return fail(Errno::noexec);
    for (unsigned index = 1; index < file.count_; ++index) {
      const Section one = file.section(index);
      if (one.type != no_bits && !in_file<uint64_t>(one.offset, one.size, bytes.size())) return fail(Errno::noexec);
      if (one.size > bytes.size() || one.link >= file.count_) return fail(Errno::noexec);
      if ((one.alignment & (one.alignment - 1)) != 0 || one.alignment > 4096) return fail(Errno::noexec);
    }
    if (file.section(file.names_).type != strings_section) return fail(Errno::noexec);
    return file;
  }
  unsigned count() const { return count_; }
  Section section(unsigned index) const { return at<Section>(sections_at_ + index * sizeof(Section)); }
  std::span<const uint8_t> content(const Section& section) const { return bytes_.subspan(section.offset, section.size); }
  Result<std::string_view> name(const Section& section) const { return string(this->section(names_), section.name); }
  // The string at `offset` of a table, which must end within it.
  Result<std::string_view> string(const Section& table, uint32_t offset) const {
    if (table.type != strings_section || offset >= table.size) return fail(Errno::noexec);
    const auto* first = reinterpret_cast<const char*>(bytes_.data() + table.offset + offset);  // SAFETY: bytes as characters
    const void* end = std::memchr(first, 0, table.size - offset);
    if (end == nullptr) return fail(Errno::noexec);
    return std::string_view(first, static_cast<size_t>(static_cast<const char*>(end) - first));
  }
  // Entry `index` of a table.
  template <class T>
  Result<T> entry(const Section& table, uint64_t index) const {
    if (table.entry_size != sizeof(T) || table.type == no_bits || index >= table.size / sizeof(T)) return fail(Errno::noexec);
    return at<T>(table.offset + index * sizeof(T));
  }

 private:
  explicit File(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  template <class T>
  T at(uint64_t offset) const {
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  std::span<const uint8_t> bytes_;
  uint64_t sections_at_ = 0;
  unsigned count_ = 0, names_ = 0;
};

}  // namespace cupel::lvbs::elf
