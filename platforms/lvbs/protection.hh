#pragma once
#include <cstdint>
#include <expected>

#include "libos/base/result.hh"

// What VTL0 may do with a frame: the flags of HvCallModifyVtlProtectionMask, and how what VTL0 asks for becomes them.
// Templates over the word type, so that a proof runs what ships.
namespace cupel::lvbs::protection {

inline constexpr uint64_t none = 0, read = 1, write = 2, kernel_execute = 4, user_execute = 8;
inline constexpr uint64_t all = 15;
// Memory that nobody has claimed, before the seal and after it.
inline constexpr uint64_t open = read | write | kernel_execute | user_execute;
inline constexpr uint64_t data = read | write | user_execute;
inline constexpr uint64_t constant = read | user_execute;
inline constexpr uint64_t text = read | kernel_execute | user_execute;

// The attributes VTL0 speaks in (heki: MEM_ATTR).
inline constexpr uint64_t attr_read = 1, attr_write = 2, attr_execute = 4;

// What the hypervisor takes: what is written or executed is readable, and what the kernel may execute a user may as well.
template <class Word>
constexpr bool legal(const Word& flags) {
  if ((flags & ~Word(all)) != Word(0)) return false;
  if ((flags & Word(kernel_execute)) != Word(0) && (flags & Word(user_execute)) == Word(0)) return false;
  if (flags != Word(0) && (flags & Word(read)) == Word(0)) return false;
  return true;
}

template <class Word>
constexpr bool writable_code(const Word& flags) {
  return static_cast<bool>((flags & Word(write | kernel_execute)) == Word(write | kernel_execute));
}

// The flags for an attribute; EINVAL where it is none, cannot be read, or is written and executed.
template <class Word>
constexpr std::expected<Word, Errno> of_attribute(const Word& attribute) {
  if ((attribute & ~Word(attr_read | attr_write | attr_execute)) != Word(0)) return std::unexpected(Errno::inval);
  if ((attribute & Word(attr_read)) == Word(0)) return std::unexpected(Errno::inval);
  if ((attribute & Word(attr_write | attr_execute)) == Word(attr_write | attr_execute)) return std::unexpected(Errno::inval);
  if ((attribute & Word(attr_execute)) != Word(0)) return Word(text);
  if ((attribute & Word(attr_write)) != Word(0)) return Word(data);
  return Word(constant);
}

}  // namespace cupel::lvbs::protection
