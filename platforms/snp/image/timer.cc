#include "platforms/snp/image/timer.hh"

#include "platforms/snp/image/instructions.hh"

namespace cupel::image::timer {
namespace {

constexpr uint16_t first = 0x20, second = 0xa0;  // the two controllers' command ports; their data ports are the next ones
constexpr uint8_t initialize = 0x11, end_of_interrupt = 0x20, mode_8086 = 1;
constexpr uint16_t counter_0 = 0x40, counter_control = 0x43;
constexpr uint32_t timer_hertz = 1'193'182, ticks_per_second = 100;

void set_up_controller(uint16_t port, uint8_t first_vector, uint8_t wiring, uint8_t masked_lines) {
  out8(port, initialize);
  out8(port + 1, first_vector);
  out8(port + 1, wiring);
  out8(port + 1, mode_8086);
  out8(port + 1, masked_lines);
}

}  // namespace

void set_up() {
  set_up_controller(first, vector, 4, 0xfe);
  set_up_controller(second, vectors_end, 2, 0xff);
  constexpr uint16_t count = timer_hertz / ticks_per_second;
  out8(counter_control, 0x34);  // counter 0, again and again
  out8(counter_0, count & 0xff), out8(counter_0, count >> 8);
}

void acknowledge() { out8(first, end_of_interrupt); }

}  // namespace cupel::image::timer
