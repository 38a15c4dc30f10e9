#include "fuzz/linux/world.hh"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "fuzz/linux/guest_code.hh"
#include "libos/base/check.hh"
#include "libos/base/page.hh"
#include "libos/mm/address_space.hh"
#include "platforms/mock/scripted_guest.hh"
#include "shims/linux/shim.hh"

namespace cupel::fuzz {
namespace {

std::byte* map_region() {
  void* region = mmap(nullptr, World::arena_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (region == MAP_FAILED) throw std::bad_alloc();
  return static_cast<std::byte*>(region);
}

}  // namespace

libos::Config small_config() {
  libos::Config config;
  config.descriptors_max = 16;
  config.tasks_max = tasks_max;
  return config;
}

libos::Config config_with_signals() {
  libos::Config config = small_config();
  config.signals = true;
  return config;
}

void World::Unmap::operator()(std::byte* region) const { munmap(region, arena_size); }

World::World(mock::Guest& guest, const std::function<platform::Platform&(mock::MockPlatform&)>& over, const libos::Config& config) : platform_(guest), region_(map_region()) {
  arena_ = Arena::create({region_.get(), arena_size});
  allocated_before_ = arena_->allocated_size();
  const auto booted = libos::Machine::boot(*arena_, over ? over(platform_) : platform_, config);
  CHECK(booted.has_value());
  machine_ = booted_ = *booted;
  platform_.set_lock_word(&machine_->lock().word());
  prepare();
  platform_.memory().watch_writes({region_.get(), arena_size});
  platform_.save();
  image_.take(*arena_, guest_pages_);
}

// Makes the world by the calls that a program would use. None of them can block, so they need no fiber.
void World::prepare() {
  libos::Task& task = machine_->first_task();
  const platform::Space space = task.space().id();
  const auto call = [&](uint64_t number, const interface::Registers& registers) {
    const int64_t result = linux_shim::enter(task, number, registers);
    CHECK(result >= 0);
    return static_cast<uint64_t>(result);
  };
  const auto map = [&](uint64_t base, uint64_t size) {
    CHECK(call(SYS_mmap, {base, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, ~uint64_t{0}, 0}) == base);
  };
  const auto fill = [&](uint64_t base, uint64_t end) {
    for (uint64_t page = base; page < end; page += page_size) {
      const std::byte zero{};
      CHECK(platform_.memory().write(space, page, {&zero, 1}) == 1);
      const std::byte* frame = platform_.memory().pages(space).find(page / page_size)->frame;
      guest_pages_.push_back(static_cast<size_t>(frame - region_.get()));
    }
  };
  map(slots_base, slots_size);
  map(read_only_base, page_size);
  fill(slots_base, unmapped_base);
  if (machine_->config().signals) map(stacks_base, stacks_size), fill(stacks_base, stacks_base + stacks_size);
  std::ranges::sort(guest_pages_);
  // Its second half has no NUL, so that a text may run off it.
  const std::vector<std::byte> half(page_size / 2, guard_byte);
  CHECK(platform_.memory().write(space, read_only_base + page_size / 2, half) == half.size());

  constexpr std::string_view console = "/console";
  CHECK(platform_.memory().write(space, slots_base, std::as_bytes(std::span(console))) == console.size());
  const uint64_t first = call(SYS_openat, {static_cast<uint64_t>(AT_FDCWD), slots_base, O_RDWR | O_CREAT, 0644});
  CHECK(first == 0);
  for (uint64_t copy = 1; copy < 3; ++copy) CHECK(call(SYS_dup, {first}) == copy);
  const std::vector<std::byte> zeros(console.size());
  CHECK(platform_.memory().poke(space, slots_base, zeros));
  call(SYS_mprotect, {read_only_base, page_size, PROT_READ});
  // Installs it again, so that what steps lay there behind its protection finds a page.
  std::byte first_byte{};
  CHECK(platform_.memory().read(space, read_only_base, {&first_byte, 1}) == 1);

  CHECK(platform_.start(task.tid(), space));
  platform_.run();  // the guest has no program yet, so the task is idle
}

void World::reset(const mock::Chances& chances, std::byte fill) {
  // Once taken down, nothing stands any more: shut_down() has looked before.
  if (!frames_freed_) frames_stand_ = platform_.memory().saved_pages_stand();
  if (frames_stand_) {
    image_.restore_without_guest_pages();
    platform_.memory().take_written([&](size_t offset) {
      if (std::ranges::binary_search(guest_pages_, offset)) image_.restore_page(offset);
    });
    if (frames_freed_) {
      for (const size_t page : guest_pages_) image_.restore_freed(page);
    }
  } else {
    image_.restore();
    platform_.memory().take_written([](size_t) {});
  }
  frames_stand_ = true;
  frames_freed_ = false;
  machine_ = booted_;
  platform_.reset(chances);
  arena_->set_fill(fill);
}

void World::abandon(mock::MockPlatform::Stacks stacks) {
  platform_.abandon(stacks);
  frames_stand_ = false;
  machine_ = nullptr;
}

bool World::shut_down() {
  frames_stand_ = platform_.memory().saved_pages_stand();
  // Taking down frees the guest pages and allocates nothing, so they keep their bytes but for the free list's links.
  const size_t allocations = arena_->allocation_count();
  machine_->shut_down();
  frames_freed_ = true;
  frames_stand_ = frames_stand_ && arena_->allocation_count() == allocations;
  machine_ = nullptr;
  arena_->check();
  return arena_->allocated_size() == allocated_before_;
}

}  // namespace cupel::fuzz
