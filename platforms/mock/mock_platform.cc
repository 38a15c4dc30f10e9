#include "platforms/mock/mock_platform.hh"

#include <limits>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "libos/base/check.hh"
#include "libos/base/page.hh"
#include "platforms/mock/chance.hh"

namespace cupel::mock {

using platform::Access;
using platform::Space;

MockPlatform::~MockPlatform() = default;

void MockPlatform::reset(const Chances& chances) {
  CHECK(current_ == nobody);
  chances_ = chances;
  scheduler_.reset(chances.schedule);
  memory_.restore();
  tasks_.clear();
  due_.clear();
  alive_ = 0;
  for (const RunningTask& task : saved_tasks_) {
    tasks_.push_back({.task = task, .state = State::idle});
    due_.push_back(0);
    scheduler_.add(task.number);
    ++alive_;
  }
  next_ = nobody;
  wait_serial_ = switches_ = 0;
  exhausted_ = halted_ = false;
  clock_ = boot_time;
  random_state_ = chances.seed;
  console_.clear();
}

void MockPlatform::save() {
  saved_tasks_.clear();
  for (const TaskState& state : tasks_) {
    CHECK(state.state == State::idle);
    saved_tasks_.push_back(state.task);
  }
  memory_.save();
}

Result<> MockPlatform::map(Space space, uint64_t page_address, std::byte* frame, Access access) {
  CHECK(page_address % page_size == 0);
  memory_.pages(space).install(page_address / page_size, frame, access);
  return {};
}

void MockPlatform::unmap(Space space, uint64_t page_address, uint64_t page_count) {
  CHECK(page_address % page_size == 0);
  memory_.pages(space).remove(page_address / page_size, page_count);
}

void MockPlatform::protect(Space space, uint64_t page_address, uint64_t page_count, Access access) {
  CHECK(page_address % page_size == 0);
  memory_.pages(space).protect(page_address / page_size, page_count, access);
}

size_t MockPlatform::copy_in(Space space, uint64_t address, std::span<std::byte> out) {
  CallWatch* const watch = current_ == nobody ? nullptr : tasks_[current_].watch;
  if (watch == nullptr) return memory_.read(space, address, out);
  point_unless_locked();
  const size_t size = memory_.read(space, address, out.first(watch->admit_copy(out.size())));
  watch->on_read(memory_, {space, address, size});
  return size;
}

size_t MockPlatform::copy_out(Space space, uint64_t address, std::span<const std::byte> bytes) {
  CallWatch* const watch = current_ == nobody ? nullptr : tasks_[current_].watch;
  if (watch == nullptr) return memory_.write(space, address, bytes);
  point_unless_locked();
  const size_t size = memory_.write(space, address, bytes.first(watch->admit_copy(bytes.size())));
  watch->on_write({space, address, size});
  return size;
}

Result<uint32_t> MockPlatform::compare_exchange(Space space, uint64_t address, uint32_t expected, uint32_t desired) {
  const uint32_t old = TRY(memory_.compare_exchange(space, address, expected, desired));
  CallWatch* const watch = current_ == nobody ? nullptr : tasks_[current_].watch;
  if (watch != nullptr && old == expected && expected != desired) watch->on_write({space, address, sizeof(uint32_t)});
  return old;
}

platform::Nanoseconds MockPlatform::now(platform::ClockBase clock) {
  clock_ += tick;
  return time_shown(clock);
}

platform::Nanoseconds MockPlatform::time_shown(platform::ClockBase clock) const {
  if (clock == platform::ClockBase::monotonic) return clock_;
  constexpr platform::Nanoseconds offset = boot_realtime - boot_time;
  return clock_ > std::numeric_limits<platform::Nanoseconds>::max() - offset ? std::numeric_limits<platform::Nanoseconds>::max() : clock_ + offset;
}

void MockPlatform::random(std::span<std::byte> out) {
  while (!out.empty()) {
    const uint64_t word = splitmix64(random_state_);
    const size_t size = std::min(out.size(), sizeof(word));
    std::memcpy(out.data(), &word, size);
    out = out.subspan(size);
  }
}

bool MockPlatform::granted(uint32_t call_number) {
  switch (chances_.policy) {
    case Policy::allow_all: return true;
    case Policy::deny_all: return false;
    case Policy::mixed: break;
  }
  uint64_t state = chances_.seed ^ uint64_t{call_number} << 32;
  return (splitmix64(state) & 1) != 0;
}

void MockPlatform::console(std::span<const std::byte> bytes) { console_.insert(console_.end(), bytes.begin(), bytes.end()); }

void MockPlatform::terminate(uint32_t reason) {
  std::fprintf(stderr, "the machine terminated itself, reason %u\n", reason);
  std::abort();
}

}  // namespace cupel::mock
