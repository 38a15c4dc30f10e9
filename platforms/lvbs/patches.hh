#pragma once
#include <array>

#include "platforms/lvbs/vtl0_memory.hh"

// Text that the kernel may change while it runs: the places are known from records, each with the bytes that may stand there, and
// each change goes in three steps so that no processor ever runs a mix.
namespace cupel::lvbs {

inline constexpr uint64_t patch_bytes_max = 5;

// Where byte `index` of a place lies that begins at pa0, and goes on in the page pa1 where it does not fit.
template <class Word>
constexpr Word place_of(const Word& pa0, const Word& pa1, const Word& index) {
  const Word left = Word(4096) - (pa0 & Word(0xfff));
  if (index < left) return pa0 + index;
  return pa1 + (index - left);
}
// 1 to 5 bytes; a second page exactly where the first does not hold them all, and it is another one.
template <class Word>
constexpr bool good_place(const Word& pa0, const Word& pa1, const Word& size) {
  if (size == Word(0) || size > Word(patch_bytes_max)) return false;
  if (pa0 == Word(0)) return false;
  if (size <= Word(4096) - (pa0 & Word(0xfff))) return static_cast<bool>(pa1 == Word(0));
  if (pa1 == Word(0) || (pa1 & Word(0xfff)) != Word(0)) return false;
  return static_cast<bool>((pa0 & ~Word(0xfff)) != pa1);
}
// Whether `size` bytes from byte `index` on lie within a record of `record_size`.
template <class Word>
constexpr bool within_record(const Word& index, const Word& size, const Word& record_size) {
  if (index >= record_size) return false;
  return static_cast<bool>(size <= record_size - index);
}

// INT3 over the first byte, then the rest, then the first byte.
enum class PatchStep : uint8_t { idle, trapped, tail };
// What a write of `size` bytes at `index` makes of a record of `record_size` in this step; nothing: it is none of the three.
template <class Word>
constexpr std::expected<PatchStep, Errno> next_step(PatchStep step, const Word& index, const Word& size, const Word& record_size) {
  const bool first = index == Word(0) && size == Word(1);
  const bool rest = index == Word(1) && size == record_size - Word(1);
  if (step == PatchStep::idle && first) return PatchStep::trapped;
  if (step == PatchStep::trapped && rest) return PatchStep::tail;
  if (step == PatchStep::tail && first) return PatchStep::idle;
  return std::unexpected(Errno::inval);
}

inline constexpr uint8_t int3 = 0xcc;
// The instruction that does nothing, of so many bytes.
inline constexpr uint8_t nops[patch_bytes_max + 1][patch_bytes_max] = {{}, {0x90}, {0x66, 0x90}, {0x0f, 0x1f, 0x00}, {0x0f, 0x1f, 0x40, 0x00}, {0x0f, 0x1f, 0x44, 0x00, 0x00}};

// heki_patch as VTL0 lays it out: two addresses, the size, the bytes.
struct PatchWrite {
  uint64_t pa0 = 0, pa1 = 0;
  uint8_t size = 0;
  std::array<uint8_t, patch_bytes_max> code{};
  static constexpr uint64_t bytes = 24;
  static PatchWrite from(std::span<const uint8_t> raw) {
    PatchWrite made;
    std::memcpy(&made.pa0, raw.data(), 8), std::memcpy(&made.pa1, raw.data() + 8, 8);
    made.size = raw[16];
    std::memcpy(made.code.data(), raw.data() + 17, made.code.size());
    return made;
  }
  bool good() const { return good_place<uint64_t>(pa0, pa1, size); }
  uint64_t place(uint64_t index) const { return place_of<uint64_t>(pa0, pa1, index); }
};

struct PatchRecord {
  PatchWrite site;
  Owner owner = nobody;
  PatchStep step = PatchStep::idle;
  bool to_nop = false;
  const uint8_t* wanted(bool nop) const { return nop ? nops[site.size] : site.code.data(); }
};

template <VtlHardware Hardware>
class Patches {
 public:
  Patches(Core<Hardware>& core, const Frames& frames) : core_(core), frames_(frames) {}

  // Records that were judged and not yet taken: they count from commit() on.
  void begin() { fresh_ = count_; }
  // A jump in text of `owner`'s, which is at `va`, to text of its own: [text_va, text_end). EINVAL.
  [[nodiscard]] Result<> add(const PatchWrite& site, Owner owner, uint64_t va, uint64_t text_va, uint64_t text_end);
  void commit() { count_ = fresh_; }
  // Drops what lies in frames that are not text of its owner any more.
  void drop_dead();
  // One write of VTL0's: only within a record, with its bytes, and as the next of its three steps.
  [[nodiscard]] Result<> apply(const PatchWrite& write);
  unsigned count() const { return count_; }

 private:
  bool live(const PatchRecord& record) const {
    for (const uint64_t place : {record.site.pa0, record.site.place(record.site.size - 1u)}) {
      const uint64_t gfn = place >> 12;
      if (gfn >= frames_.count()) return false;
      const Frame& frame = frames_[gfn];
      if (frame.kind != Kind::owned || frame.owner != record.owner || (frame.flags & protection::kernel_execute) == 0) return false;
    }
    return true;
  }
  static bool overlap(const PatchWrite& one, const PatchWrite& other) {
    for (unsigned mine = 0; mine < one.size; ++mine) {
      for (unsigned theirs = 0; theirs < other.size; ++theirs) {
        if (one.place(mine) == other.place(theirs)) return true;
      }
    }
    return false;
  }
  // The byte of the record at which the write begins; its size where it is none.
  static uint64_t index_in(const PatchRecord& record, const PatchWrite& write) {
    uint64_t index = 0;
    while (index < record.site.size && record.site.place(index) != write.pa0) ++index;
    return index;
  }

  static constexpr unsigned records_max = 128;
  Core<Hardware>& core_;
  const Frames& frames_;
  PatchRecord records_[records_max];
  unsigned count_ = 0, fresh_ = 0;
};

template <VtlHardware Hardware>
Result<> Patches<Hardware>::add(const PatchWrite& site, Owner owner, uint64_t va, uint64_t text_va, uint64_t text_end) {
  if (!site.good()) return fail(Errno::inval);
  const bool near = site.size == 5 && site.code[0] == 0xe9, close = site.size == 2 && site.code[0] == 0xeb;
  if (!near && !close) return fail(Errno::inval);
  int32_t distance = static_cast<int8_t>(site.code[1]);
  if (near) std::memcpy(&distance, &site.code[1], 4);
  const uint64_t target = va + site.size + static_cast<uint64_t>(int64_t{distance});
  if (target < text_va || target >= text_end) return fail(Errno::inval);
  for (unsigned index = 0; index < fresh_; ++index) {
    if (overlap(records_[index].site, site)) return fail(Errno::inval);
  }
  if (fresh_ == records_max) return fail(Errno::nomem);
  records_[fresh_++] = {site, owner};
  return {};
}

template <VtlHardware Hardware>
void Patches<Hardware>::drop_dead() {
  unsigned kept = 0;
  for (unsigned index = 0; index < count_; ++index) {
    if (live(records_[index])) records_[kept++] = records_[index];
  }
  count_ = fresh_ = kept;
}

template <VtlHardware Hardware>
Result<> Patches<Hardware>::apply(const PatchWrite& write) {
  if (!write.good()) return fail(Errno::inval);
  for (unsigned number = 0; number < count_; ++number) {
    PatchRecord& record = records_[number];
    const uint64_t index = index_in(record, write);
    if (!within_record<uint64_t>(index, write.size, record.site.size)) continue;
    for (unsigned byte = 0; byte < write.size; ++byte) {
      if (write.place(byte) != record.site.place(index + byte)) return fail(Errno::inval);
    }
    if (!live(record)) return fail(Errno::perm);
    const PatchStep step = TRY(next_step<uint64_t>(record.step, index, write.size, record.site.size));
    const bool is_new = std::memcmp(write.code.data(), record.wanted(false) + index, write.size) == 0;
    const bool is_nop = std::memcmp(write.code.data(), record.wanted(true) + index, write.size) == 0;
    if (step == PatchStep::trapped && write.code[0] != int3) return fail(Errno::inval);
    if (step == PatchStep::tail && !is_new && !is_nop) return fail(Errno::inval);
    if (step == PatchStep::idle && !(record.to_nop ? is_nop : is_new)) return fail(Errno::inval);
    if (step == PatchStep::tail) record.to_nop = is_nop;
    record.step = step;
    for (unsigned byte = 0; byte < write.size; ++byte) core_.hardware.vtl0_8(write.place(byte)).write(write.code[byte]);
    return {};
  }
  return fail(Errno::noent);
}

}  // namespace cupel::lvbs
