#pragma once
#include <deque>
#include <span>

#include "platforms/mock/page_table.hh"

namespace cupel::mock {

// Simulated guest memory: address spaces whose pages are frames of the machine's arena.
class SimulatedMemory {
 public:
  static constexpr uint32_t spaces_max = 64;

  Result<platform::Space> new_space(platform::FaultHandler& handler);
  void drop_space(platform::Space space);
  PageTable& pages(platform::Space space);

  // Copies as a guest's load or store would: a page that is not installed is asked for, and the copy stops where that
  // fails. Return how far they came.
  size_t read(platform::Space space, uint64_t address, std::span<std::byte> out);
  size_t write(platform::Space space, uint64_t address, std::span<const std::byte> bytes);
  // EFAULT, or EINVAL where the word is not aligned.
  Result<uint32_t> compare_exchange(platform::Space space, uint64_t address, uint32_t expected, uint32_t desired);

  // Stores whatever the page's protection says and without asking for pages; false where one is missing.
  bool poke(platform::Space space, uint64_t address, std::span<const std::byte> bytes);
  bool peek(platform::Space space, uint64_t address, std::span<std::byte> out);

  // Calls visit(page number) for each page that is installed.
  template <class Visit>
  void each_installed(platform::Space space, Visit visit) {
    state(space).pages.each([&](const PageTable::Entry& entry) { visit(entry.page); });
  }

  // From now on notes which pages of `region` are written through guest addresses.
  void watch_writes(std::span<std::byte> region);
  // The noted pages, as offsets into the region in bytes; forgotten by the call.
  template <class Visit>
  void take_written(Visit visit) {
    for (const uint32_t page : written_) {
      is_written_[page] = false;
      visit(size_t{page} * page_bytes);
    }
    written_.clear();
  }

  // Remembers what is installed now; restore() puts it back and drops every later space.
  void save();
  void restore();
  // Whether every page installed at save() still stands there with the frame it had.
  bool saved_pages_stand() const;

 private:
  struct SpaceState {
    platform::FaultHandler* handler = nullptr;  // nullptr: the number is free
    PageTable pages;
    PageTable saved;
    platform::FaultHandler* saved_handler = nullptr;
    bool changed = false;  // since save()
  };
  static constexpr size_t page_bytes = 4096;
  SpaceState& state(platform::Space space);
  void note_write(const std::byte* frame);
  std::byte* frame_for(platform::Space space, uint64_t address, platform::Access want);
  template <class Move>
  size_t each_page(platform::Space space, uint64_t address, size_t size, platform::Access want, Move move);

  std::deque<SpaceState> spaces_;
  std::span<std::byte> watched_;
  std::vector<uint8_t> is_written_;  // by page of the watched region
  std::vector<uint32_t> written_;    // the same as a list
};

}  // namespace cupel::mock
