#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

// Call sites: whether a `syscall` instruction can be reached by a jump instead, and how.
//
// Only the one instruction before it is replaced, and only where it has room for a jump (five bytes) and means the same
// elsewhere. No jump of the program can lead into the middle of one instruction; one that leads to the `syscall` itself still
// finds it, and traps. So nothing needs to be known of the rest of the program.
namespace cupel::on_linux {

inline constexpr size_t code_before_max = 64;     // bytes looked at
inline constexpr size_t instruction_size_max = 15;
inline constexpr size_t syscall_size = 2;
inline constexpr size_t trampoline_size = 32;

// The instruction that ends where the site begins, if every way to read the bytes before it agrees on one, and it may be moved.
// `code`: the bytes before the site, the `syscall` instruction included at its end.
struct Movable {
  size_t size = 0;  // 5 to instruction_size_max
  bool loads_number = false;
  uint32_t number = 0;  // the call's, where it loads that into eax: the caller knows whether it is so
};
std::optional<Movable> movable_before(std::span<const std::byte> code);

// The bytes that take the instruction's place at `from`: a jump to `to`, which must be in reach, and padding.
using Jump = std::array<std::byte, instruction_size_max>;
std::optional<Jump> jump_from(uint64_t from, uint64_t to, size_t size);
// What stands at `at`: the moved instruction, then the way into the gate with rcx as a `syscall` leaves it.
std::array<std::byte, trampoline_size> trampoline(uint64_t at, uint64_t behind_site, std::span<const std::byte> moved);

}  // namespace cupel::on_linux
