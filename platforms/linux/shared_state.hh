#pragma once
#include <array>
#include <atomic>

#include "libos/platform/host_streams.hh"
#include "platforms/linux/page_table.hh"
#include "platforms/linux/slot.hh"
#include "platforms/linux/tree_channel.hh"

namespace cupel::on_linux {

// A guest's address space. At most one host process has it mapped.
struct SpaceState {
  explicit SpaceState(TablePool& pool) : pages(pool) {}
  platform::FaultHandler* handler = nullptr;  // nullptr: the number is free
  int32_t host_pid = 0;                       // who has it mapped; 0: nobody yet
  PageTable pages;
};

// Somebody else's process has pages mapped that are no longer its: it unmaps them, then answers.
struct Shootdown {
  std::atomic<uint32_t> target_pid{0};  // 0: none is wanted
  uint64_t address = 0, size = 0;
};

// What all host processes of a machine share besides its arena; changed with the machine lock held, or atomically.
struct SharedState {
  explicit SharedState(std::byte* table_pages) : pool(table_pages, table_pages_max) {
    for (uint32_t index = 0; index < spaces_max; ++index) new (space_at(index)) SpaceState(pool);
  }
  SpaceState* space_at(uint32_t index) { return reinterpret_cast<SpaceState*>(space_storage.data()) + index; }  // SAFETY: made above

  TablePool pool;
  alignas(SpaceState) std::array<std::byte, sizeof(SpaceState) * spaces_max> space_storage;
  Shootdown shootdown;
  std::atomic<uint32_t> bell{0};         // the supervisor waits for it to change
  void ring();
  TreeChannel tree;
  // What is awaited of the host's streams, as poll(2)'s events: the supervisor's threads look for it.
  std::array<std::atomic<uint32_t>, platform::HostStreams::count> stream_wanted{};
  std::atomic<uint32_t> finished{0};     // the first task has ended
  std::atomic<uint32_t> failed{0};       // the machine cannot go on
  // When Kernel::alarm() is due (monotonic); the word changes with it.
  std::atomic<int64_t> alarm_due{platform::no_deadline};
  std::atomic<uint32_t> alarm_word{0};
  void* machine = nullptr;               // the kernel's: what it runs
  int32_t exit_status = 0;               // of the first task, as wait4(2) gives it
};

// The shared region, in order.
struct SharedLayout {
  static constexpr uint64_t slots = (sizeof(SharedState) + slot_stride - 1) / slot_stride * slot_stride;
  static constexpr uint64_t table_pages = slots + tasks_max * slot_stride;
  static constexpr uint64_t arena = table_pages + table_pages_max * page_size;
};

// SAFETY for all of these: the region is mapped at shared_base in every process before anything else happens.
inline SharedState& shared() { return *reinterpret_cast<SharedState*>(shared_base); }
inline Slot& slot_at(uint32_t index) { return *reinterpret_cast<Slot*>(shared_base + SharedLayout::slots + index * slot_stride); }
inline std::byte* arena_start() { return reinterpret_cast<std::byte*>(shared_base + SharedLayout::arena); }
// Where its signals' stack ends and its call stack begins.
inline uint64_t signal_stack_of(const Slot& slot) { return reinterpret_cast<uint64_t>(&slot) + page_size; }

}  // namespace cupel::on_linux
