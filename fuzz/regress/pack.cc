#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "fuzz/regress/kept.hh"
#include "fuzz/regress/mutant.hh"

namespace cupel::fuzz {
namespace {

// Workers take entries from here, and give back what came of them.
class Exchange {
 public:
  explicit Exchange(std::deque<EntryResult*> waiting) : waiting_(std::move(waiting)), left_(waiting_.size()) {}

  EntryResult* take() {
    const std::scoped_lock lock(mutex_);
    if (waiting_.empty()) return nullptr;
    EntryResult* next = waiting_.front();
    waiting_.pop_front();
    return next;
  }
  void give(EntryResult* result) {
    const std::scoped_lock lock(mutex_);
    done_.push_back(result);
    ready_.notify_one();
  }
  // Nothing more is given out.
  void stop() {
    const std::scoped_lock lock(mutex_);
    waiting_.clear();
  }
  // The next that is judged; null: there is no more to come.
  EntryResult* next() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return !done_.empty() || left_ == 0; });
    if (done_.empty()) return nullptr;
    EntryResult* result = done_.front();
    done_.pop_front();
    --left_;
    return result;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<EntryResult*> waiting_, done_;
  size_t left_;
};

// What a campaign found must be the mutant's doing: without it the input runs through, or this build has a bug of its own.
std::expected<void, std::string> confirm(EntryResult& result) {
  if (!result.rediscovery || !result.rediscovery->found) return {};
  auto seen = replay({.file = "found by the campaign on " + result.entry.id, .target = result.entry.target, .bytes = result.rediscovery->input, .warnings = {}}, {});
  if (!seen) return std::unexpected(seen.error());
  if (seen->verdict != "ok") result.on_current = std::move(*seen);
  return {};
}

}  // namespace

std::expected<std::vector<EntryResult>, std::string> judge_mutants(const std::vector<Entry>& entries, const MutantOptions& options, const OnResult& on_result, const Log& log) {
  const auto sources = digest_of_sources(options.source);
  if (!sources) return std::unexpected(sources.error());
  const Kept kept(options.scratch / "results", *sources, options);
  std::vector<EntryResult> results;
  for (const Entry& entry : entries) {
    auto result = replay_entry(entry);
    if (!result) return std::unexpected(result.error());
    results.push_back(std::move(*result));
  }
  std::deque<EntryResult*> waiting;
  for (EntryResult& result : results) {
    if (result.entry.patch && !(options.resume && kept.take(result))) waiting.push_back(&result);
    else on_result(result);
  }
  Exchange exchange(waiting);
  const unsigned processors = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::jthread> workers;
  for (unsigned job = 0; job < std::min<size_t>(options.jobs, waiting.size()); ++job) {
    workers.emplace_back([&, job] {
      Scratch scratch(options.source, options.scratch / fmt::format("tree-{}", job), std::max(1u, processors / options.jobs));
      while (EntryResult* result = exchange.take()) {
        judge_mutant(*result, scratch, options, log);
        exchange.give(result);
      }
    });
  }
  while (EntryResult* result = exchange.next()) {
    auto settled = confirm(*result);
    if (settled && passes(*result)) settled = kept.keep(*result);
    if (!settled) {
      exchange.stop();
      return std::unexpected(settled.error());
    }
    on_result(*result);
  }
  return results;
}

}  // namespace cupel::fuzz
