#pragma once
#include <cstdint>

#include "platforms/snp/ghcb_layout.hh"

// What an instruction's emulation computes beside its exit: templates over the word type, shipped with uint64_t.
namespace cupel::snp {

// --- Port I/O: EXITINFO1 of an IOIO exit ---
enum class IoDirection : uint8_t { out, in };
enum class IoForm : uint8_t { scalar, string };
inline constexpr uint64_t io_string = 4, io_repeat = 8, io_address_64 = uint64_t{1} << 9;

// `size` is 1, 2 or 4 bytes. The address size is always ours: 64 bits.
template <class Word>
constexpr Word io_info(const Word& port, const Word& size, IoDirection direction, IoForm form) {
  Word info = ((port & Word(0xffff)) << Word(16)) | (size << Word(4)) | Word(io_address_64);
  if (direction == IoDirection::in) info = info | Word(1);
  if (form == IoForm::string) info = info | Word(io_string | io_repeat);
  return info;
}
template <class Word>
constexpr Word low_bytes(const Word& value, const Word& size) {
  if (size == Word(1)) return value & Word(0xff);
  if (size == Word(2)) return value & Word(0xffff);
  if (size == Word(4)) return value & Word(0xffff'ffff);
  return value;
}
// What RAX holds after IN: 8 and 16 bits are merged, 32 bits extended with zeros.
template <class Word>
constexpr Word merge_in(const Word& rax, const Word& value, const Word& size) {
  if (size == Word(1)) return (rax & ~Word(0xff)) | (value & Word(0xff));
  if (size == Word(2)) return (rax & ~Word(0xffff)) | (value & Word(0xffff));
  return value & Word(0xffff'ffff);
}

// How many units of `size` bytes one exit moves: what is asked, or what fits the shared buffer.
template <class Word>
constexpr Word string_count(const Word& wanted, const Word& size) {
  const Word fits = Word(ghcb::buffer_size) / size;
  if (wanted < fits) return wanted;
  return fits;
}
// RSI or RDI after `count` units.
template <class Word>
constexpr Word string_advance(const Word& address, const Word& count, const Word& size, bool down) {
  return down ? address - count * size : address + count * size;
}

// --- MMIO: one value of `size` bytes, fetched once, made into the register ---
enum class Extension : uint8_t { none, zero, sign };
template <class Word>
constexpr Word sign_extend(const Word& value, const Word& size) {
  if (size == Word(8)) return value;
  const Word low = low_bytes(value, size), top = Word(1) << (size * Word(8) - Word(1));
  return (low ^ top) - top;
}
// `width` is the operand's: 8 and 16 bit registers keep the rest of themselves, 32 bit ones lose it.
template <class Word>
constexpr Word mmio_result(const Word& before, const Word& value, const Word& size, const Word& width, Extension extension) {
  const Word fetched = extension == Extension::sign ? sign_extend(value, size) : low_bytes(value, size);
  if (width == Word(8)) return fetched;
  return merge_in(before, fetched, width);
}

// --- Debug register 7: the bits that are fixed (APM volume 2, 13.1.1.4) ---
inline constexpr uint64_t dr7_reset = 0x400;
template <class Word>
constexpr Word sanitised_dr7(const Word& value) {
  return (value & Word(0xffff'23ff)) | Word(dr7_reset);
}

// --- Time: never back, whatever the hypervisor says ---
template <class Word>
constexpr Word not_before(const Word& last, const Word& now) {
  if (now < last) return last;
  return now;
}
inline constexpr uint64_t frequency_min_khz = 1'000, frequency_max_khz = 10'000'000;
template <class Word>
constexpr bool frequency_accepted(const Word& khz) {
  if (khz < Word(frequency_min_khz)) return false;
  return static_cast<bool>(khz <= Word(frequency_max_khz));
}
// Nanoseconds of `ticks`, whole milliseconds and the rest apart: their product would not fit the word.
template <class Word>
constexpr Word nanoseconds_of(const Word& milliseconds, const Word& rest, const Word& khz) {
  return milliseconds * Word(1'000'000) + rest * Word(1'000'000) / khz;
}
// Time stands after 146 years: a counter near its end is the hypervisor's word, and must not take time back, nor bring a deadline
// that lies ahead beyond what a word can say.
inline constexpr uint64_t nanoseconds_max = INT64_MAX / 2, milliseconds_max = nanoseconds_max / 1'000'000 - 1;
template <class Word>
constexpr Word nanoseconds(const Word& ticks, const Word& khz) {
  const Word milliseconds = ticks / khz;
  if (milliseconds > Word(milliseconds_max)) return Word(nanoseconds_max);
  return nanoseconds_of<Word>(milliseconds, ticks % khz, khz);
}
// The counter's value at a time; its last one where the time is beyond.
constexpr uint64_t ticks_at(uint64_t nanoseconds, uint64_t khz) {
  const uint64_t milliseconds = nanoseconds / 1'000'000;
  if (milliseconds >= UINT64_MAX / khz) return UINT64_MAX;
  return milliseconds * khz + nanoseconds % 1'000'000 * khz / 1'000'000;
}

}  // namespace cupel::snp
