#include "fuzz/program/values.hh"

#include <bit>
#include <cstring>

#include "libos/interface/args.hh"

namespace cupel::fuzz {

using interface::Kind;
using interface::NamedValue;

namespace {

constexpr uint64_t minus(uint64_t value) { return ~value + 1; }

constexpr std::array<uint64_t, 24> boundaries{
    0, 1, 2, 3, 7, 8, 255, 256, 511, 4095, 4096, 4097, 65535, 65536, 999'999'999, 1'000'000'000, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff,
    0x1'0000'0000, 0x7fff'ffff'ffff'ffff, 0x8000'0000'0000'0000, minus(2), minus(1)};
constexpr std::array<uint64_t, 12> sizes{0, 1, 2, 8, 100, 4095, 4096, 4097, 8192, 65536, 0x7fff'f000, minus(1)};
constexpr std::array<uint64_t, 12> offsets{0, 1, 3, 8, 100, 511, 4095, 4096, 4097, 1 << 20, 0x7fff'ffff'ffff'ffff, minus(1)};
constexpr std::array<uint64_t, 12> lengths{1, 4095, 4096, 4097, 8192, 3 * 4096, 16 * 4096, 1 << 20, 0, minus(4096), minus(1), uint64_t{1} << 47};
// Where mappings may go; the argument slots are lower.
constexpr std::array<uint64_t, 12> addresses{0, 0x1080'0000, 0x1080'1000, 0x1080'2000, 0x1080'4000, 0x10ff'f000, 0x1080'0001, 0x1080'0fff,
                                             0x1000, 0x7fff'ffff'f000, minus(4096), minus(1)};
constexpr std::array<uint64_t, 12> modes{0644, 0755, 0600, 0777, 0, 0444, 0200, 0111, 07777, 01777, 04755, 02070};
constexpr std::array<uint64_t, 8> users{0, 0, 1, 1000, 65534, 65535, 0xffff'ffff, minus(1)};
constexpr std::array<uint64_t, 16> signals{10, 10, 10, 10, 10, 0, 1, 1, 9, 11, 14, 17, 19, 33, 64, 65};  // mostly the same, for calls to meet
constexpr std::array<uint64_t, 10> descriptors{0, 1, 2, 3, 4, 5, 24, 1023, minus(1), 70};  // a table grows at 16 and 64
constexpr std::array<uint64_t, 12> limits{minus(1), 0, 1, 3, 5, 8, 16, 64, 4096, 65536, 0x7fff'ffff'ffff'ffff, minus(1)};
constexpr std::array<uint64_t, 6> tasks{0, 1, 2, 64, 0x7fff'ffff, minus(1)};

uint64_t ranged(Random& random, int64_t low, int64_t high) {
  if (low >= high) return static_cast<uint64_t>(low);
  const uint64_t width = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  if (random.one_in(8)) return static_cast<uint64_t>(random.one_in(2) ? low : high);
  // Spread over the magnitudes, so that a wide range is not all large numbers.
  const uint64_t mask = ~uint64_t{0} >> (static_cast<unsigned>(std::countl_zero(width)) + random.below_low(static_cast<uint32_t>(std::bit_width(width))));
  const uint64_t step = random.next() & mask;
  return static_cast<uint64_t>(low) + (step > width ? width : step);
}

template <size_t count>
uint64_t one_of(Random& random, const std::array<uint64_t, count>& usual) {
  return random.one_in(12) ? random.pick(boundaries) : usual[random.below_low(count)];
}

// Names that need nothing else come first, for they are picked most.
constexpr std::array<std::string_view, 24> paths{"a",  "d",  "b",   "l",         ".",    "/a", "d/x",     "d/y",    "/",    "..",  "d/..//a", "a/",
                                                 "d/", "l/x", "d/l", "d/../d/x", "./b", "/d/x", "",        "../../a", "a/x", "d//", "l2", "/d/../../b"};
constexpr std::array<uint16_t, 5> long_names{255, 256, 254, 4095, 4096};

void append(std::string_view text, std::vector<std::byte>& out) {
  const auto bytes = std::as_bytes(std::span(text));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

uint64_t interesting_flags(Random& random, std::span<const NamedValue> values, std::span<const uint64_t> usual) {
  if (values.empty()) return random.pick(boundaries);
  if (random.percent(60)) return usual.empty() ? 0 : random.pick(usual);
  const auto count = static_cast<uint32_t>(values.size());
  uint64_t bits = 0;
  const uint32_t style = random.below(32);
  if (style == 0) {
    for (const NamedValue& value : values) bits |= value.value;
  } else if (style > 3) {
    // What comes first in the list is mostly what matters most.
    for (uint32_t left = 1 + random.below_low(4); left > 0; --left) bits |= values[random.below_low(count)].value;
  }
  if (style == 31) bits ^= uint64_t{1} << random.below(random.one_in(4) ? 64 : 32);
  return bits;
}

uint64_t interesting_number(Random& random, Kind kind, int64_t low, int64_t high, std::span<const NamedValue> values, std::span<const uint64_t> usual) {
  switch (kind) {
    case Kind::flags: return interesting_flags(random, values, usual);
    case Kind::choice:
    case Kind::clock:
      if (!values.empty() && !random.one_in(24)) return values[random.below(static_cast<uint32_t>(values.size()))].value;
      return random.one_in(2) ? random.below(32) : random.pick(boundaries);
    case Kind::mode: return random.one_in(24) ? random.next() & 0xffff : one_of(random, modes);
    case Kind::size: return one_of(random, sizes);
    case Kind::offset: return random.one_in(2) ? 0 : one_of(random, offsets);
    case Kind::length: return one_of(random, lengths);
    case Kind::address: return random.one_in(3) ? 0 : one_of(random, addresses);
    case Kind::user: return one_of(random, users);
    case Kind::signal: return random.one_in(6) ? random.below(66) : one_of(random, signals);
    case Kind::fd:
    case Kind::new_fd: return one_of(random, descriptors);
    case Kind::dir_fd: return random.one_in(8) ? one_of(random, descriptors) : minus(100);  // DirFd::cwd
    case Kind::task: return one_of(random, tasks);
    case Kind::limit: return one_of(random, limits);
    default: return random.one_in(8) ? random.pick(boundaries) : ranged(random, low, high);
  }
}

uint64_t nudged(Random& random, uint64_t value) {
  switch (random.below(6)) {
    case 0: return value + 1;
    case 1: return value - 1;
    case 2: return value ^ uint64_t{1} << random.below(random.one_in(2) ? 64 : 16);
    case 3: return random.one_in(2) ? value * 2 : value / 2;
    case 4: return value + (uint64_t{1} << random.below(13));
    default: return minus(value);
  }
}

void interesting_path(Random& random, std::vector<std::byte>& out) {
  if (random.one_in(64)) {
    const uint16_t size = long_names[random.below_low(long_names.size())];
    out.insert(out.end(), size, std::byte{'n'});
  } else {
    append(paths[random.below_low(random.one_in(2) ? 4 : paths.size())], out);
  }
  if (!random.one_in(256)) out.push_back(std::byte{0});
}

void interesting_text(Random& random, std::vector<std::byte>& out) {
  if (random.one_in(2)) return interesting_path(random, out);
  interesting_bytes(random, random.below_low(40), out);
  if (!random.one_in(16)) out.push_back(std::byte{0});
}

void interesting_bytes(Random& random, size_t size, std::vector<std::byte>& out) {
  if (size == 0) return;
  const size_t at = out.size();
  switch (random.below(4)) {
    case 0: out.insert(out.end(), size, std::byte{static_cast<uint8_t>('A' + random.below(26))}); return;
    case 1: {
      auto value = static_cast<uint8_t>(random.next());
      out.resize(at + size);
      for (size_t index = 0; index < size; ++index) out[at + index] = std::byte{value++};
      return;
    }
    case 2: {
      out.resize(at + size);
      const uint64_t value = random.pick(boundaries);
      std::memcpy(out.data() + at, &value, size < sizeof(value) ? size : sizeof(value));
      return;
    }
    default:
      out.resize(at + size);
      for (size_t index = 0; index < size; index += sizeof(uint64_t)) {
        const uint64_t value = random.next();
        std::memcpy(out.data() + at + index, &value, size - index < sizeof(value) ? size - index : sizeof(value));
      }
  }
}

uint64_t interesting_vector(Random& random, bool with_data, std::vector<std::byte>& out) {
  const uint64_t count = random.below_low(5);
  uint64_t total = 0;
  const size_t start = out.size();
  out.resize(start + count * sizeof(interface::IoVec));
  for (uint64_t index = 0; index < count; ++index) {
    interface::IoVec part{total, random.one_in(24) ? one_of(random, sizes) : random.below_low(40)};
    if (random.one_in(24)) part.base = one_of(random, addresses);
    else total += part.size < 4096 ? part.size : 0;
    std::memcpy(out.data() + start + index * sizeof(part), &part, sizeof(part));
  }
  if (with_data) interesting_bytes(random, total, out);
  return count;
}

uint32_t interesting_size(Random& random) {
  constexpr std::array<uint16_t, 20> usual{8, 1, 4, 3, 16, 2, 0, 7, 9, 64, 100, 15, 63, 511, 512, 513, 4095, 4096, 4097, 8192};
  return usual[random.below_low(random.one_in(8) ? 20 : 13)];
}

}  // namespace cupel::fuzz
