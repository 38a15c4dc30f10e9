#include "platforms/snp/image/guest_tables.hh"

#include "platforms/snp/image/instructions.hh"

namespace cupel::image {
namespace {

using platform::Access;
using platform::allows;

constexpr uint64_t present = 1, writable = 2, user = 4, no_execute = uint64_t{1} << 63;
constexpr uint64_t address_mask = 0x000f'ffff'ffff'f000;
constexpr unsigned entries = 512, user_entries = 256, levels = 4;

// A page that may not even be read is not present; its frame stays known.
uint64_t bits_of(Access access) {
  uint64_t bits = user;
  if (access != Access::none) bits |= present;
  if (allows(access, Access::write)) bits |= writable;
  if (!allows(access, Access::execute)) bits |= no_execute;
  return bits;
}

constexpr unsigned index_of(uint64_t address, unsigned level) { return static_cast<unsigned>(address >> (page_shift + 9 * level)) % entries; }
uint64_t* table_of(uint64_t entry) { return at_physical<uint64_t>(entry & address_mask); }

void destroy_below(FramePool& pool, uint64_t* table, unsigned level) {
  const unsigned count = level == levels - 1 ? user_entries : entries;
  for (unsigned index = 0; level > 0 && index < count; ++index) {
    if (table[index] != 0) destroy_below(pool, table_of(table[index]), level - 1);
  }
  pool.put(table);
}

}  // namespace

bool GuestTables::create(FramePool& pool, const uint64_t* kernel_root) {
  root_ = static_cast<uint64_t*>(pool.take());
  if (root_ == nullptr) return false;
  for (unsigned index = user_entries; index < entries; ++index) root_[index] = kernel_root[index];
  return true;
}

void GuestTables::destroy(FramePool& pool) {
  destroy_below(pool, root_, levels - 1);
  root_ = nullptr;
}

uint64_t* GuestTables::entry(uint64_t address, FramePool* pool) const {
  if (address >= user_limit) return nullptr;
  uint64_t* table = root_;
  for (unsigned level = levels - 1; level > 0; --level) {
    uint64_t& next = table[index_of(address, level)];
    if (next == 0) {
      void* made = pool == nullptr ? nullptr : pool->take();
      if (made == nullptr) return nullptr;
      next = physical(made) | present | writable | user;
    }
    table = table_of(next);
  }
  return &table[index_of(address, 0)];
}

bool GuestTables::install(FramePool& pool, uint64_t page_address, const std::byte* frame, Access access) {
  uint64_t* slot = entry(page_address, &pool);
  if (slot == nullptr) return false;
  *slot = physical(frame) | bits_of(access);
  flush_page(page_address);
  return true;
}

template <class Change>
void GuestTables::each(uint64_t page_address, uint64_t page_count, Change change) {
  const uint64_t room = (user_limit - page_address) >> page_shift;
  const uint64_t end = page_address + ((page_count < room ? page_count : room) << page_shift);
  for (uint64_t at = page_address; at < end;) {
    uint64_t* slot = entry(at, nullptr);
    if (slot == nullptr) {
      at = (at | 0x1f'ffff) + 1;  // a missing table is at least one of 2M
      continue;
    }
    if (*slot != 0) {
      change(*slot);
      flush_page(at);
    }
    at += page_size;
  }
}

void GuestTables::remove(uint64_t page_address, uint64_t page_count) {
  each(page_address, page_count, [](uint64_t& slot) { slot = 0; });
}

void GuestTables::protect(uint64_t page_address, uint64_t page_count, Access access) {
  each(page_address, page_count, [access](uint64_t& slot) { slot = (slot & address_mask) | bits_of(access); });
}

std::byte* GuestTables::find(uint64_t address, Access wanted) const {
  const uint64_t* slot = entry(address, nullptr);
  if (slot == nullptr || (*slot & present) == 0) return nullptr;
  if (allows(wanted, Access::write) && (*slot & writable) == 0) return nullptr;
  return at_physical<std::byte>((*slot & address_mask) + address % page_size);
}

void GuestTables::use() const { write_cr3(physical(root_)); }

bool GuestTables::in_use() const { return root_ != nullptr && (read_cr3() & address_mask) == physical(root_); }

}  // namespace cupel::image
