#pragma once
#include "platforms/snp/page_states.hh"

// Shared pages through which devices are given bytes and give them: whole slots, of which only what was declared is ever copied.
namespace cupel::snp {

inline constexpr uint64_t slot_size = 1024;

template <SnpHardware Hardware>
class Bounce {
 public:
  // Takes private pages, and gives them to the hypervisor; release() takes all of them back.
  Bounce(PageStates<Hardware>& pages, uint64_t gfn, uint64_t page_count) : pages_(pages), core_(pages.core()), gfn_(gfn), page_count_(page_count) {}
  void open();
  void release();

  uint64_t slot_count() const { return page_count_ * 4096 / slot_size; }
  uint64_t slot_gpa(uint64_t slot) const { return (gfn_ << 12) + slot * slot_size; }
  // Puts bytes into a slot; the rest of what an earlier use left there becomes zeros.
  void give(uint64_t slot, std::span<const uint8_t> bytes);
  // Takes just so many bytes, each loaded once. They are the device's word, in private memory.
  void take(uint64_t slot, std::span<uint8_t> bytes);

 private:
  PageStates<Hardware>& pages_;
  Core<Hardware>& core_;
  uint64_t gfn_, page_count_;
};

template <SnpHardware Hardware>
void Bounce<Hardware>::open() {
  pages_.share(gfn_, page_count_);
  core_.require(pages_.shadow().claim(gfn_, page_count_, Role::bounce), Reason::shadow_forbids);
  for (uint64_t slot = 0; slot < slot_count(); ++slot) give(slot, {});
}

template <SnpHardware Hardware>
void Bounce<Hardware>::release() {
  pages_.accept(gfn_, page_count_, Role::bounce);
  pages_.shadow().release(gfn_, page_count_);
}

template <SnpHardware Hardware>
void Bounce<Hardware>::give(uint64_t slot, std::span<const uint8_t> bytes) {
  core_.require(slot < slot_count() && bytes.size() <= slot_size, Reason::device);
  for (uint64_t offset = 0; offset < slot_size; offset += 8) {
    uint64_t word = 0;
    for (uint64_t byte = offset; byte < offset + 8 && byte < bytes.size(); ++byte) word |= uint64_t{bytes[byte]} << ((byte - offset) * 8);
    core_.hardware.shared64(slot_gpa(slot) + offset).write(word);
  }
}

template <SnpHardware Hardware>
void Bounce<Hardware>::take(uint64_t slot, std::span<uint8_t> bytes) {
  core_.require(slot < slot_count() && bytes.size() <= slot_size, Reason::device);
  const auto any = [](uint64_t word) { return word <= UINT64_MAX; };
  for (uint64_t offset = 0; offset < bytes.size(); offset += 8) {
    const uint64_t word = core_.hardware.shared64(slot_gpa(slot) + offset).read_once(SITE("bounce.bytes", "as many as were declared; the bytes stay untrusted")).checked(any).value_or(0);
    for (uint64_t byte = offset; byte < offset + 8 && byte < bytes.size(); ++byte) bytes[byte] = static_cast<uint8_t>(word >> ((byte - offset) * 8));
  }
}

}  // namespace cupel::snp
