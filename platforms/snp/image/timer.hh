#pragma once
#include <cstdint>

// A hundred times a second the interval timer takes the processor from guest code: the old timer and interrupt controller, which
// every plain PC has. The kernel itself runs with interrupts off.
namespace cupel::image::timer {

inline constexpr uint64_t vector = 32, vectors_end = 40;  // the controller's eight lines; only the timer's is open

void set_up();
void acknowledge();

}  // namespace cupel::image::timer
