#include "platforms/mock/hyperv/machine.hh"

#include <algorithm>
#include <cstring>

namespace cupel::mock_hyperv {

using namespace lvbs::protection;

void Machine::reset() {
  for (const uint32_t gfn : list_) {
    std::copy_n(&image_[gfn * words_of_page], words_of_page, &words_[gfn * words_of_page]);
    touched_[gfn] = false;
  }
  list_.clear();
  flags.fill(lvbs::protection::open);
  protection_enabled = false;
  partition_config = secure_config = 0;
  vtl1_enabled = 1;
  msrs.clear();
  msrs[lvbs::msr::sint0] = 0x10000;
  for (auto& registers : vtl0_registers) registers.clear();
}

uint64_t Machine::hash_of(uint64_t gfn) const {
  uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (uint64_t index = 0; index < words_of_page; ++index) hash = (hash ^ words_[gfn * words_of_page + index]) * 0x100'0000'01b3;
  return hash;
}

bool Machine::vtl0_write(uint64_t gpa, uint64_t value, unsigned size) {
  if (!is_ram(gpa >> 12) || (gpa & 0xfff) + size > page_bytes || (flags[gpa >> 12] & write) == 0) return false;
  touch(gpa >> 12);
  std::memcpy(raw(gpa), &value, size);
  return true;
}

std::optional<uint64_t> Machine::vtl0_read(uint64_t gpa) const {
  if (!is_ram(gpa >> 12) || gpa % 8 != 0 || (flags[gpa >> 12] & read) == 0) return std::nullopt;
  return words_[gpa / 8];
}

}  // namespace cupel::mock_hyperv
