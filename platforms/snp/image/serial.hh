#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

// A 16550 at COM1, written to by polling. Where there is none its status reads as all ones, and writing goes nowhere.
namespace cupel::image::serial {

void set_up();
void write(std::span<const std::byte> bytes);
void write_text(const char* text);
void write_number(uint64_t number);  // in decimal

}  // namespace cupel::image::serial
