#pragma once
#include <cstring>

#include "shims/optee/shared_memory.hh"
#include "shims/optee/world.hh"

// Between the normal world's memory and private copies: each byte is read once, and only pages of the normal world's are touched.
namespace cupel::optee {

template <class T>
constexpr T taken(const Untrusted<T>& value) {
  // Any value: it is data, or judged by who asked for it.
  return value.checked([](T) { return true; }).value_or(T{});
}

template <NormalWorld World>
class Copies {
 public:
  Copies(World& world, ShmTable& shm) : world_(world), shm_(shm) {}

  // Whether all of [address, address + size) is the normal world's.
  bool normal(uint64_t address, uint64_t size) const {
    if (size == 0) return true;
    if (address > UINT64_MAX - size) return false;
    for (uint64_t page = address / message::page_size; page <= (address + size - 1) / message::page_size; ++page) {
      if (!world_.normal_page(page)) return false;
    }
    return true;
  }

  // The pages of contiguous memory, into a place of the table.
  TeeResult<> list_contiguous(Shm& shm, uint64_t address, uint64_t size) {
    shm.offset = address % message::page_size, shm.size = size;
    shm.page_count = static_cast<uint32_t>(TRY(message::page_count<uint64_t>(shm.offset, size, shm_pages_max)));
    if (!normal(address, size)) return refuse(Tee::security);
    for (uint32_t page = 0; page < shm.page_count; ++page) shm.pages[page] = address - shm.offset + page * message::page_size;
    return {};
  }

  // Those that the normal world lists: one look at each entry, as many entries as the size says, whatever the list says.
  TeeResult<> list_scattered(Shm& shm, uint64_t list, uint64_t size) {
    shm.offset = list % message::page_size, shm.size = size;
    shm.page_count = static_cast<uint32_t>(TRY(message::page_count<uint64_t>(shm.offset, size, shm_pages_max)));
    uint64_t at = list - shm.offset;
    for (uint32_t page = 0; page < shm.page_count; ++page) {
      const uint64_t entry = page % message::entries_of_list_page;
      if (entry == 0) {
        if (page > 0) at = taken(world_.shared64(at + message::entries_of_list_page * 8).read_once(SITE("list.next", "page aligned and the normal world's; as many list pages as the size says", "a_page_list_ends_with_the_size_whatever_it_links_to")));
        if (at % message::page_size != 0 || !world_.normal_page(at / message::page_size)) return refuse(Tee::security);
        world_.begin(Object::list);
      }
      const uint64_t address = taken(world_.shared64(at + entry * 8).read_once(SITE("list.entry", "page aligned and the normal world's; kept, and never read again")));
      if (address % message::page_size != 0 || !world_.normal_page(address / message::page_size)) return refuse(Tee::security);
      shm.pages[page] = address;
    }
    return {};
  }

  void copy_in(const Shm& shm, uint64_t offset, std::span<uint8_t> to) {
    for (size_t done = 0; done < to.size();) {
      const uint64_t address = shm.address(offset + done);
      // A list may name a page twice: each of a buffer's pages is an object of its own.
      if (done == 0 || address % message::page_size == 0) world_.begin(Object::data);
      if (address % 8 == 0 && to.size() - done >= 8) {
        const uint64_t word = taken(world_.shared64(address).read_once(SITE("data.word", "any: a private copy, which is judged by whoever it is for")));
        std::memcpy(to.data() + done, &word, 8);
        done += 8;
      } else {
        to[done++] = taken(world_.shared8(address).read_once(SITE("data.byte", "any: a private copy, which is judged by whoever it is for")));
      }
    }
  }
  void copy_out(const Shm& shm, uint64_t offset, std::span<const uint8_t> from) {
    for (size_t done = 0; done < from.size();) {
      const uint64_t address = shm.address(offset + done);
      if (address % 8 == 0 && from.size() - done >= 8) {
        uint64_t word;
        std::memcpy(&word, from.data() + done, 8);
        world_.shared64(address).write(word);
        done += 8;
      } else {
        world_.shared8(address).write(from[done++]);
      }
    }
  }

 private:
  World& world_;
  ShmTable& shm_;
};

}  // namespace cupel::optee
