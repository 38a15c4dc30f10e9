#pragma once
#include <cstddef>
#include <cstdint>

namespace cupel::mock_tee {

// What the normal world does by itself. It can do what its own memory and its own processors allow, and nothing else.
enum class ActKind : uint8_t {
  poke,       // the 32-bit word at address a = b
  flip,       // bit b of the 32-bit word that is just being read, or of the word at address a
  reply,      // the 64-bit word at offset a of the request's memory = b
  answer,     // register a of its answer = b
  ignore,     // the request is not served at all
  replay,     // the request's memory holds reply a once more
  send,       // another processor makes a call: a is what, b with what
  alias,      // memory that is given next begins at address a, whatever else lies there
};
inline constexpr size_t act_kinds = static_cast<size_t>(ActKind::alias) + 1;

// When: before the n-th load of its memory by us; before its n-th answer is made, and after; before our n-th store to its memory.
enum class When : uint8_t { before_load, before_answer, after_answer, before_store };
inline constexpr size_t when_kinds = 4;

struct Act {
  When when = When::before_load;
  uint16_t nth = 0;
  ActKind kind = ActKind::poke;
  uint64_t a = 0, b = 0;
};

// Calls of another processor.
enum class Sent : uint8_t { open, invoke, close, cancel, register_shm, unregister_shm, fast };
inline constexpr size_t sent_kinds = 7;

}  // namespace cupel::mock_tee
