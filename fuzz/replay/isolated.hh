#pragma once
#include <chrono>
#include <expected>
#include <functional>
#include <string>

namespace cupel::fuzz {

// How a process of its own ended, and what it left.
struct Isolated {
  bool in_time = true;     // else it was killed
  int wait_status = 0;
  std::string answer;      // what `body` returned; empty where it did not come back
  std::string complaints;  // its stderr, the first part

  bool came_back() const { return in_time && wait_status == 0; }
};

// Runs `body` in a copy of this process, so that whatever it does to that process is a result and not our end. Time is
// monotonic. The error says what the system refused.
std::expected<Isolated, std::string> run_isolated(const std::function<std::string()>& body, std::chrono::milliseconds time_max);

}  // namespace cupel::fuzz
