#pragma once
#include "platforms/lvbs/kernel_data.hh"

// The kernel that is to run after this one: its image is signed, and what lies where it will be started is that image's bytes,
// out of VTL0's hands from before it was looked at.
namespace cupel::lvbs {

enum class KexecPart : uint64_t { image, blob, pages };
inline constexpr uint64_t kimage_size = 584, segments_max = 16, blob_bytes_max = 0x4000;

// Whether a segment is whole frames of the machine, and the bytes in it are no more than it holds.
template <class Word>
constexpr bool good_segment(const Word& memory, const Word& memory_size, const Word& bytes, const Word& ram_bytes) {
  if (((memory | memory_size) & Word(0xfff)) != Word(0)) return false;
  if (memory_size == Word(0) || bytes > memory_size) return false;
  if (memory >= ram_bytes) return false;
  return static_cast<bool>(memory_size <= ram_bytes - memory);
}

template <VtlHardware Hardware, Crypto Library>
class Kexec {
 public:
  Kexec(Core<Hardware>& core, Claims<Hardware>& claims, Vtl0Memory<Hardware>& memory, Library& crypto) : core_(core), claims_(claims), memory_(memory), crypto_(crypto) {}

  // Puts an image into the slot, whose former one is gone first; no ranges: that alone.
  [[nodiscard]] Result<> validate(std::span<const Range> ranges, bool crash) {
    const Owner owner = crash ? kexec_crash : kexec_normal;
    claims_.undo(owner);
    if (ranges.empty()) return {};
    const Result<> installed = install(ranges, owner);
    if (!installed) claims_.undo(owner);
    return installed;
  }

 private:
  struct Segment {
    uint64_t offset = 0, bytes = 0, memory = 0, memory_size = 0;
  };
  Result<> install(std::span<const Range> ranges, Owner owner);
  Result<> freeze(std::span<const Range> ranges, Owner owner);
  Result<> read_segments(const Range& image);
  Result<> compare(const Segment& segment, ByteSpan blob);

  Core<Hardware>& core_;
  Claims<Hardware>& claims_;
  Vtl0Memory<Hardware>& memory_;
  Library& crypto_;
  Segment segments_[segments_max];
  uint64_t count_ = 0;
  uint64_t kimage_[kimage_size / 8];
  uint8_t blob_[blob_bytes_max];
  uint8_t page_[4096];
};

template <VtlHardware Hardware, Crypto Library>
Result<> Kexec<Hardware, Library>::freeze(std::span<const Range> ranges, Owner owner) {
  claims_.begin();
  for (const Range& range : ranges) {
    if (range.attribute > static_cast<uint64_t>(KexecPart::pages) || !range.aligned()) return fail(Errno::inval);
    TRY(claims_.add(range, Kind::reserved, protection::constant, owner));
  }
  return claims_.commit();
}

template <VtlHardware Hardware, Crypto Library>
Result<> Kexec<Hardware, Library>::read_segments(const Range& image) {
  if (image.size() < kimage_size) return fail(Errno::inval);
  TRY(memory_.copy_words(image.pa, kimage_, SITE("kexec.image", "16 segments at most, each whole frames", "every_byte_of_a_good_segment_is_memory")));
  count_ = kimage_[8];
  if (count_ == 0 || count_ > segments_max) return fail(Errno::inval);
  for (uint64_t index = 0; index < count_; ++index) {
    const uint64_t* word = &kimage_[9 + index * 4];
    segments_[index] = {word[0], word[1], word[2], word[3]};
    if (!good_segment<uint64_t>(word[2], word[3], word[1], core_.layout().ram_end << 12)) return fail(Errno::inval);
  }
  return {};
}

template <VtlHardware Hardware, Crypto Library>
Result<> Kexec<Hardware, Library>::compare(const Segment& segment, ByteSpan blob) {
  if (!elf::in_file<uint64_t>(segment.offset, segment.bytes, blob.size())) return fail(Errno::inval);
  for (uint64_t done = 0; done < segment.memory_size; done += 4096) {
    TRY(memory_.copy(segment.memory + done, page_, SITE("kexec.page", "equal to the bytes of the signed image, and zero behind them")));
    for (uint64_t byte = 0; byte < 4096; ++byte) {
      const uint8_t wanted = done + byte < segment.bytes ? blob[segment.offset + done + byte] : uint8_t{0};
      if (page_[byte] != wanted) return fail(Errno::keyrejected);
    }
  }
  return {};
}

template <VtlHardware Hardware, Crypto Library>
Result<> Kexec<Hardware, Library>::install(std::span<const Range> ranges, Owner owner) {
  TRY(freeze(ranges, owner));
  const Range* image = nullptr;
  const Range* blob = nullptr;
  for (const Range& range : ranges) {
    const Range*& place = static_cast<KexecPart>(range.attribute) == KexecPart::image ? image : blob;
    if (static_cast<KexecPart>(range.attribute) == KexecPart::pages) continue;
    if (place != nullptr) return fail(Errno::inval);
    place = &range;
  }
  if (image == nullptr || blob == nullptr || blob->size() > blob_bytes_max) return fail(Errno::inval);
  TRY(read_segments(*image));
  TRY(memory_.copy(blob->pa, {blob_, blob->size()}, SITE("kexec.blob", "signature over the copy")));
  // The range is whole pages; the file ends with its mark, wherever that is in the last one.
  uint64_t size = blob->size();
  while (size > 0 && blob_[size - 1] == 0) --size;
  const ByteSpan data = TRY(signature::verified(crypto_, {blob_, size}));
  // The frames that it will run from: claimed before they are looked at.
  claims_.begin();
  for (uint64_t index = 0; index < count_; ++index) {
    const Range range{0, segments_[index].memory, segments_[index].memory + segments_[index].memory_size, 0};
    TRY(claims_.add(range, Kind::reserved, protection::constant, owner));
  }
  TRY(claims_.commit());
  for (uint64_t index = 0; index < count_; ++index) TRY(compare(segments_[index], data));
  return {};
}

}  // namespace cupel::lvbs
