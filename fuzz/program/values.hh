#pragma once
#include "fuzz/program/grammar.hh"
#include "fuzz/program/random.hh"

// Values worth trying, by kind. Most are sound, some lie on a boundary, few are nonsense.
namespace cupel::fuzz {

// A number for a scalar argument, or for a struct's field, that is no reference.
uint64_t interesting_number(Random& random, interface::Kind kind, int64_t low, int64_t high, std::span<const interface::NamedValue> values, std::span<const uint64_t> usual = {});
// Bits of `values`: one, some, rarely all, or one with no name.
uint64_t interesting_flags(Random& random, std::span<const interface::NamedValue> values, std::span<const uint64_t> usual = {});
// A number near `value`.
uint64_t nudged(Random& random, uint64_t value);

// These append to `out`.
void interesting_path(Random& random, std::vector<std::byte>& out);  // with its NUL, mostly
void interesting_text(Random& random, std::vector<std::byte>& out);
void interesting_bytes(Random& random, size_t size, std::vector<std::byte>& out);
// An array of iovecs whose bases are offsets into the data that follows it, and with `with_data` that data. Returns the
// count of iovecs.
uint64_t interesting_vector(Random& random, bool with_data, std::vector<std::byte>& out);
// A size for a buffer's bytes: small, or around a page.
uint32_t interesting_size(Random& random);

}  // namespace cupel::fuzz
