#pragma once
#include <array>
#include <cstdint>
#include <optional>

// Calls that may be under way at once. A call which waits for the normal world is suspended, and only its own client resumes it.
namespace cupel::optee {

inline constexpr uint32_t threads_max = 3;

class Threads {
 public:
  std::optional<uint32_t> take(uint64_t client) {
    for (uint32_t id = 0; id < threads_max; ++id) {
      if (all_[id].state != State::free) continue;
      all_[id] = {State::active, client};
      return id;
    }
    return {};
  }
  void suspend(uint32_t id) { all_[id].state = State::suspended; }
  // False: there is no such thread of this client that waits (ERESUME).
  bool resume(uint64_t id, uint64_t client) {
    if (id >= threads_max) return false;
    if (all_[id].state != State::suspended) return false;
    if (all_[id].client != client) return false;
    all_[id].state = State::active;
    return true;
  }
  void free(uint32_t id) { all_[id] = {}; }
  uint32_t used() const {
    uint32_t count = 0;
    for (const auto& one : all_) count += one.state == State::free ? 0 : 1;
    return count;
  }

 private:
  enum class State : uint8_t { free, active, suspended };
  struct Thread {
    State state = State::free;
    uint64_t client = 0;
  };
  std::array<Thread, threads_max> all_{};
};

}  // namespace cupel::optee
