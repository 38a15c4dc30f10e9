#include "platforms/snp/image/boot_info.hh"

#include <algorithm>
#include <cstring>

#include "libos/base/page.hh"

namespace cupel::image {
namespace {

constexpr uint32_t magic = 0x336e'c578;
constexpr uint32_t usable = 1;
constexpr uint32_t entries_max = 128;

struct StartInfo {
  uint32_t magic, version, flags, module_count;
  uint64_t modules, command_line, rsdp, memory_map;
  uint32_t memory_map_count, reserved;
};
struct Module {
  uint64_t address, size, command_line, reserved;
};
struct MemoryEntry {
  uint64_t address, size;
  uint32_t type, reserved;
};

template <class T>
std::optional<T> copy(const PhysicalMemory& memory, uint64_t address) {
  const auto bytes = memory.at(address, sizeof(T));
  if (!bytes) return std::nullopt;
  T value;
  std::memcpy(&value, bytes->data(), sizeof(T));
  return value;
}

void add_memory(BootInfo& out, const MemoryEntry& entry) {
  if (entry.type != usable || entry.size > UINT64_MAX - entry.address || out.memory_count == BootInfo::ranges_max) return;
  const uint64_t start = page_ceil(entry.address).value_or(0), end = page_floor(entry.address + entry.size);
  if (start != 0 && end > start) out.memory_array[out.memory_count++] = {start, end - start};
}

std::string_view text_at(const PhysicalMemory& memory, uint64_t address) {
  if (address == 0 || address >= memory.limit()) return {};
  const auto room = memory.at(address, std::min<uint64_t>(BootInfo::command_line_max, memory.limit() - address));
  if (!room) return {};
  const auto* end = static_cast<const std::byte*>(std::memchr(room->data(), 0, room->size()));
  if (end == nullptr) return {};
  return {reinterpret_cast<const char*>(room->data()), static_cast<size_t>(end - room->data())};  // SAFETY: characters may look at any bytes
}

}  // namespace

std::optional<BootInfo> read_boot_info(const PhysicalMemory& memory, uint64_t address) {
  const auto start = copy<StartInfo>(memory, address);
  if (!start || start->magic != magic) return std::nullopt;
  BootInfo out;
  // Version 0 has no memory map.
  for (uint64_t index = 0; start->version >= 1 && index < std::min(start->memory_map_count, entries_max); ++index) {
    if (start->memory_map > memory.limit()) break;
    const auto entry = copy<MemoryEntry>(memory, start->memory_map + index * sizeof(MemoryEntry));
    if (entry) add_memory(out, *entry);
  }
  if (start->module_count > 0) {
    const auto module = copy<Module>(memory, start->modules);
    const auto bytes = module ? memory.at(module->address, module->size) : std::nullopt;
    if (bytes) out.archive = *bytes, out.module = {module->address, module->size};
  }
  out.command_line = text_at(memory, start->command_line);
  return out;
}

PhysicalRange largest_free(std::span<const PhysicalRange> memory, uint64_t floor, std::span<const PhysicalRange> taken, uint64_t limit) {
  PhysicalRange best;
  const auto consider = [&](uint64_t start, uint64_t end) {
    start = page_ceil(start).value_or(UINT64_MAX), end = page_floor(end);
    if (end > start && end - start > best.size) best = {start, end - start};
  };
  for (const PhysicalRange& range : memory) {
    uint64_t start = std::max(range.start, floor);
    const uint64_t end = std::min(range.end(), limit);
    // What is taken cuts the range; the next taken one above `start` comes first.
    for (;;) {
      const PhysicalRange* next = nullptr;
      for (const PhysicalRange& one : taken) {
        if (one.size == 0 || one.end() <= start || one.start >= end) continue;
        if (next == nullptr || one.start < next->start) next = &one;
      }
      if (next == nullptr) break;
      if (next->start > start) consider(start, next->start);
      start = next->end();
    }
    consider(start, end);
  }
  return best;
}

}  // namespace cupel::image
