#include "platforms/snp/image/serial.hh"

#include <array>
#include <cstring>

#include "platforms/snp/image/instructions.hh"

namespace cupel::image::serial {
namespace {

constexpr uint16_t base = 0x3f8;
constexpr uint16_t data = base, interrupts = base + 1, fifo = base + 2, line = base + 3, modem = base + 4, status = base + 5;
constexpr uint8_t ready_to_send = 0x20;
constexpr unsigned patience = 1'000'000;  // a device that is never ready does not stop us

void put(uint8_t byte) {
  for (unsigned tries = 0; (in8(status) & ready_to_send) == 0 && tries < patience; ++tries) relax();
  out8(data, byte);
}

}  // namespace

void set_up() {
  out8(interrupts, 0);
  out8(line, 0x80);  // the divisor's registers: 115200 baud
  out8(data, 1);
  out8(interrupts, 0);
  out8(line, 3);  // 8 bits, no parity, one stop bit
  out8(fifo, 0xc7);
  out8(modem, 3);
}

void write(std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes) put(static_cast<uint8_t>(byte));
}

void write_text(const char* text) { write(std::as_bytes(std::span(text, std::strlen(text)))); }

void write_number(uint64_t number) {
  std::array<char, 21> digits{};
  size_t at = digits.size() - 1;
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  write_text(digits.data() + at);
}

}  // namespace cupel::image::serial
