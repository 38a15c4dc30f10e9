#include "props/model/address_space.hh"

#include <algorithm>

#include "libos/base/page.hh"

namespace cupel::props {

void AddressSpace::clear() {
  regions.clear();
  break_base = {};
  break_end = 0;
  locks_future = false;
  pages.clear();
  references = barriers = 0;
}

std::vector<Region>::const_iterator AddressSpace::after(uint64_t address) const {
  return std::ranges::upper_bound(regions, address, {}, &Region::end);
}

const Region* AddressSpace::at(uint64_t address) const {
  const auto region = after(address);
  return region != regions.end() && region->begin <= address ? &*region : nullptr;
}

bool AddressSpace::is_free(uint64_t begin, uint64_t end) const {
  const auto region = after(begin);
  return region == regions.end() || region->begin >= end;
}

bool AddressSpace::is_mapped(uint64_t begin, uint64_t end) const {
  for (auto region = after(begin); begin < end; ++region) {
    if (region == regions.end() || region->begin > begin) return false;
    begin = region->end;
  }
  return true;
}

uint64_t AddressSpace::locked_in(uint64_t begin, uint64_t end) const {
  uint64_t size = 0;
  for (const Region& region : regions) {
    if (region.locked && region.begin < end && region.end > begin) size += std::min(end, region.end) - std::max(begin, region.begin);
  }
  return size;
}

void AddressSpace::split(uint64_t address) {
  const Region* inside = at(address);
  if (inside == nullptr || inside->begin == address) return;
  const auto index = inside - regions.data();
  Region second = *inside;
  second.file_offset += address - second.begin;
  second.begin = address;
  regions[static_cast<size_t>(index)].end = address;
  regions.insert(regions.begin() + index + 1, second);
}

void AddressSpace::remove(uint64_t begin, uint64_t end) {
  split(begin);
  split(end);
  pages.drop(begin >> page_shift, end >> page_shift);
  std::erase_if(regions, [&](const Region& region) { return region.begin >= begin && region.end <= end; });
}

void AddressSpace::add(const Region& region) {
  remove(region.begin, region.end);
  regions.insert(std::ranges::upper_bound(regions, region.begin, {}, &Region::begin), region);
}

}  // namespace cupel::props
