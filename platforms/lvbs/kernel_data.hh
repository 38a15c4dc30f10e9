#pragma once
#include "platforms/lvbs/claims.hh"
#include "platforms/lvbs/module_image.hh"
#include "platforms/lvbs/patches.hh"
#include "platforms/lvbs/signature.hh"

// What the kernel tells of itself once, while it boots: roots of trust, hashes that are blocked, the symbols that it exports,
// and where its text may be patched.
namespace cupel::lvbs {

enum class Datum : uint64_t { certificates, revoked, blocked_hashes, info, rodata, patches, trampoline };

// Offset of what a self-relative word at `at` points to, within `size` bytes.
template <class Word>
constexpr Result<Word> relative(const Word& at, const Word& distance, const Word& size) {
  const Word target = at + distance;
  if (target >= size) return fail(Errno::inval);
  return target;
}

class ExportTable final : public Symbols {
 public:
  static constexpr uint64_t entry_size = 12;
  // `bytes` are what lies at `va`; the table is [start, end) there. EINVAL.
  Result<> set(std::span<const uint8_t> bytes, uint64_t va, uint64_t start, uint64_t end) {
    if (start < va || end < start || end - va > bytes.size() || (end - start) % entry_size != 0) return fail(Errno::inval);
    bytes_ = bytes, va_ = va, start_ = start - va, end_ = end - va;
    return {};
  }
  // The first of that name; ENOENT.
  Result<uint64_t> address_of(std::string_view name) const override {
    for (uint64_t at = start_; at < end_; at += entry_size) {
      const auto place = relative<uint64_t>(at + 4, distance(at + 4), bytes_.size());
      if (!place || bytes_.size() - *place <= name.size()) continue;
      if (std::memcmp(bytes_.data() + *place, name.data(), name.size()) == 0 && bytes_[*place + name.size()] == 0) return va_ + at + distance(at);
    }
    return fail(Errno::noent);
  }

 private:
  uint64_t distance(uint64_t at) const {
    int32_t value = 0;
    std::memcpy(&value, bytes_.data() + at, sizeof value);
    return static_cast<uint64_t>(int64_t{value});
  }
  std::span<const uint8_t> bytes_;
  uint64_t va_ = 0, start_ = 0, end_ = 0;
};

// Takes the records of one range: heads of 48 bytes, each with so many records of 24 behind it. EINVAL. `site_of` gives the text
// range that a place lies in.
template <VtlHardware Hardware>
[[nodiscard]] Result<> add_records(Patches<Hardware>& patches, std::span<const uint8_t> bytes, Owner owner, auto text_of) {
  constexpr uint64_t head_size = 48;
  while (!bytes.empty()) {
    if (bytes.size() < head_size) return fail(Errno::inval);
    uint32_t type = 0;
    uint64_t count = 0;
    std::memcpy(&type, bytes.data(), sizeof type), std::memcpy(&count, bytes.data() + 32, sizeof count);
    bytes = bytes.subspan(head_size);
    if (type != 0 || count == 0 || count > bytes.size() / PatchWrite::bytes) return fail(Errno::inval);
    for (uint64_t number = 0; number < count; ++number) {
      const PatchWrite site = PatchWrite::from(bytes.subspan(number * PatchWrite::bytes, PatchWrite::bytes));
      if (!site.good()) return fail(Errno::inval);
      const Range text = TRY(text_of(site.pa0));
      // A place that goes on in another page is one whose text does: the next frame is the same range's.
      if (site.pa1 != 0 && (site.pa1 != (site.pa0 & ~uint64_t{0xfff}) + 4096 || site.pa1 >= text.epa)) return fail(Errno::inval);
      TRY(patches.add(site, owner, text.va + (site.pa0 - text.pa), text.va, text.va + text.size()));
    }
    bytes = bytes.subspan(count * PatchWrite::bytes);
  }
  return {};
}

}  // namespace cupel::lvbs
