#pragma once
#include <array>
#include <atomic>

#include "libos/platform/host_tree.hh"

namespace cupel::on_linux {

// How the machine asks for the host's files: one question at a time (the machine lock is held), answered by the supervisor,
// which alone may open anything. In shared memory; neither side believes the other's sizes.
struct TreeChannel {
  enum class Question : uint32_t { node, look_up, read, list };
  static constexpr uint32_t idle = 0, asked = 1, answered = 2;

  std::atomic<uint32_t> state{idle};
  Question question{};
  uint64_t number = 0, offset = 0;
  uint32_t size = 0;               // bytes in or wanted in `bytes`
  uint32_t error = 0;              // of the answer; 0: none
  platform::TreeNode node;
  std::array<std::byte, platform::HostTree::transfer_max> bytes;
};

}  // namespace cupel::on_linux
