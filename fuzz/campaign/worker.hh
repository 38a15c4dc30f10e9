#pragma once
#include <sys/types.h>

#include <chrono>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace cupel::fuzz {

// What a libFuzzer process has said of itself so far.
struct Progress {
  uint64_t executions = 0;
  uint64_t edges = 0;
  uint64_t features = 0;
  uint64_t corpus = 0;
  uint64_t rate = 0;    // executions a second
  bool loaded = false;  // it has read its corpus, so that what it says of coverage and corpus is the whole
};

// Takes over what one line of libFuzzer's output says; other lines change nothing.
void read_progress(std::string_view line, Progress& progress);

// A libFuzzer process: one slice of one target over its corpus folder, or a run of some files. It dies with us.
class Worker {
 public:
  struct Setup {
    std::string target;
    std::filesystem::path program;
    std::vector<std::filesystem::path> inputs;  // a corpus folder, read and written; or files to run once each
    std::filesystem::path artifacts;  // where a failing input is left
    uint32_t seed = 1;
    std::vector<std::string> without = {};  // oracles switched off
  };
  static std::expected<Worker, std::string> start(const Setup& setup);

  Worker(Worker&& other) noexcept;
  Worker& operator=(Worker&& other) noexcept;
  ~Worker();

  const std::string& target() const { return target_; }
  const Progress& progress() const { return progress_; }
  std::chrono::steady_clock::time_point started() const { return started_; }
  // The stream to poll() for output.
  int output() const { return output_; }
  // Takes in what the process has printed. False: it has ended, and exit_status() holds.
  bool pump();
  // Asks it to end and print its totals.
  void interrupt();
  void kill();
  int exit_status() const { return exit_status_; }
  // We interrupted or killed it: that it did little says nothing about it.
  bool asked_to_end() const { return asked_to_end_; }
  const std::string& last_lines() const { return last_lines_; }

 private:
  Worker() = default;

  std::string target_;
  pid_t process_ = -1;
  int output_ = -1;
  int exit_status_ = 0;
  bool asked_to_end_ = false;
  std::string partial_, last_lines_;
  Progress progress_;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace cupel::fuzz
