#include "libos/base/arena.hh"

#include <algorithm>

#include "props/properties/chooser.hh"
#include "props/properties/sandbox.hh"

namespace cupel::props {
namespace {

// Every block keeps the bytes its owner put there, whatever else is allocated and freed; and all given back is all there.
template <Chooser C>
void blocks_do_not_overlap_and_the_level_is_exact(C& choose) {
  struct Block {
    std::byte* bytes;
    size_t size;
    std::byte mark;
  };
  ArenaRegion region;
  Arena& arena = region.arena;
  const size_t baseline = arena.allocated_size();
  std::vector<Block> blocks;
  uint8_t serial = 0;
  const auto give_back = [&](size_t index) {
    arena.free(blocks[index].bytes, blocks[index].size);
    blocks.erase(blocks.begin() + static_cast<ptrdiff_t>(index));
  };
  while (choose.more()) {
    if (blocks.empty() || choose.below(3) > 0) {
      const size_t size = choose.below(8) == 0 ? 1 + choose.below(20'000) : 1 + choose.below(300);
      arena.set_fill(std::byte{0x5a});
      const auto got = arena.allocate(size);
      CLAIM(got.has_value());
      auto* bytes = static_cast<std::byte*>(*got);
      CLAIM(std::all_of(bytes, bytes + size, [](std::byte each) { return each == std::byte{0x5a}; }));
      const std::byte mark{++serial};
      std::fill_n(bytes, size, mark);
      blocks.push_back({bytes, size, mark});
    } else {
      give_back(choose.below(static_cast<uint32_t>(blocks.size())));
    }
    for (const Block& block : blocks) CLAIM(std::all_of(block.bytes, block.bytes + block.size, [&](std::byte each) { return each == block.mark; }));
    arena.check();
  }
  while (!blocks.empty()) give_back(blocks.size() - 1);
  CLAIM(arena.allocated_size() == baseline);
}

// Whichever allocation fails, what was made for a machine is given back.
template <Chooser C>
void a_machine_that_fails_to_boot_leaves_nothing(C& choose) {
  ArenaRegion region;
  mock::ScriptedGuest guest;
  mock::MockPlatform platform(guest);
  const size_t baseline = region.arena.allocated_size();
  const uint32_t nth = 1 + choose.below(40);
  region.arena.fail_allocation(nth);
  auto booted = libos::Machine::boot(region.arena, platform, {});
  region.arena.fail_allocation(0);
  CLAIM(booted.has_value() || booted.error() == Errno::nomem);
  if (booted) (*booted)->shut_down();
  CLAIM(region.arena.allocated_size() == baseline);
}

CUPEL_PROPERTY(Arena, blocks_do_not_overlap_and_the_level_is_exact)
CUPEL_PROPERTY(Arena, a_machine_that_fails_to_boot_leaves_nothing)

}  // namespace
}  // namespace cupel::props
