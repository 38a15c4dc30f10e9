#include <poll.h>

#include "fuzz/campaign/worker.hh"
#include "fuzz/regress/mutant.hh"
#include "fuzz/replay/complaint.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// The input that libFuzzer left when it failed.
std::expected<Bytes, std::string> artifact_in(const fs::path& folder) {
  std::error_code error;
  for (const auto& item : fs::directory_iterator(folder, error)) {
    if (!item.is_regular_file()) continue;
    const auto content = read_file(item.path());
    if (!content) return std::unexpected(content.error());
    return Bytes(content->begin(), content->end());
  }
  return std::unexpected(folder.string() + ": the engine failed and left no input there");
}

}  // namespace

std::expected<Rediscovery, std::string> rediscover(const std::string& target, const fs::path& program, const fs::path& folder, std::chrono::seconds time) {
  std::error_code error;
  fs::remove_all(folder, error);
  fs::create_directories(folder / "corpus", error);
  fs::create_directories(folder / "found", error);
  if (error) return std::unexpected(folder.string() + ": " + error.message());
  auto worker = Worker::start({.target = target, .program = program, .inputs = {folder / "corpus"}, .artifacts = folder / "found", .seed = 1});
  if (!worker) return std::unexpected(worker.error());
  Rediscovery result;
  const auto begin = Clock::now();
  bool alive = true;
  while ((alive = worker->pump()) && Clock::now() - begin < time) {
    pollfd fd{worker->output(), POLLIN, 0};
    poll(&fd, 1, 20);
  }
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (alive) {
    worker->interrupt();  // it prints its totals
    while (worker->pump()) {
      pollfd fd{worker->output(), POLLIN, 0};
      poll(&fd, 1, 20);
    }
  }
  result.executions = worker->progress().executions;
  if (alive) return result;
  const Complaint complaint = read_complaint(worker->last_lines());
  auto input = artifact_in(folder / "found");
  if (!input) return std::unexpected(input.error() + "\n" + worker->last_lines());
  result.found = true, result.oracle = complaint.oracle, result.input = std::move(*input);
  return result;
}

}  // namespace cupel::fuzz
