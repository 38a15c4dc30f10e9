#pragma once
#include <cstdint>

// Single instructions of the processor. Each asm does what its name says and nothing to memory unless it says so.
namespace cupel::image {

inline void out8(uint16_t port, uint8_t value) { asm volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }  // SAFETY: a device's port
inline uint8_t in8(uint16_t port) {
  uint8_t value = 0;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));  // SAFETY: a device's port
  return value;
}
inline uint64_t read_msr(uint32_t number) {
  uint32_t low = 0, high = 0;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));  // SAFETY: the caller knows that there is such a register
  return uint64_t{high} << 32 | low;
}
inline void write_msr(uint32_t number, uint64_t value) {
  asm volatile("wrmsr" : : "c"(number), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32)) : "memory");  // SAFETY: as above
}
inline void vmgexit() { asm volatile("rep; vmmcall" : : : "memory"); }  // SAFETY: an SEV guest's exit
inline void halt_for_ever() { asm volatile("cli; hlt" : : : "memory"); }  // SAFETY: nothing is left to do
inline void relax() { asm volatile("pause"); }  // SAFETY: a hint

struct CpuidAnswer {
  uint32_t eax, ebx, ecx, edx;
};
inline CpuidAnswer cpuid(uint32_t leaf, uint32_t subleaf = 0) {
  CpuidAnswer out{};
  asm volatile("cpuid" : "=a"(out.eax), "=b"(out.ebx), "=c"(out.ecx), "=d"(out.edx) : "a"(leaf), "c"(subleaf));  // SAFETY: no effects
  return out;
}
inline uint64_t timestamp() {
  uint32_t low = 0, high = 0;
  asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high));  // SAFETY: no effects
  return uint64_t{high} << 32 | low;
}
inline uint64_t read_cr2() {
  uint64_t value = 0;
  asm volatile("movq %%cr2, %0" : "=r"(value));  // SAFETY: no effects
  return value;
}
inline uint64_t read_cr3() {
  uint64_t value = 0;
  asm volatile("movq %%cr3, %0" : "=r"(value));  // SAFETY: no effects
  return value;
}
inline uint64_t read_cr4() {
  uint64_t value = 0;
  asm volatile("movq %%cr4, %0" : "=r"(value));  // SAFETY: no effects
  return value;
}
inline void write_cr4(uint64_t value) { asm volatile("movq %0, %%cr4" : : "r"(value) : "memory"); }  // SAFETY: bits the processor has
inline void write_cr3(uint64_t value) { asm volatile("movq %0, %%cr3" : : "r"(value) : "memory"); }  // SAFETY: tables that map the image
inline void flush_page(uint64_t address) { asm volatile("invlpg (%0)" : : "r"(address) : "memory"); }  // SAFETY: drops a translation

}  // namespace cupel::image
