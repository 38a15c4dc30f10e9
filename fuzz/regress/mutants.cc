#include <fmt/format.h>

#include "fuzz/campaign/instrumented.hh"
#include "fuzz/regress/mutant.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::expected<void, std::string> ask_each_oracle(EntryResult& result, const Instrumented& mutated, const fs::path& input) {
  auto target = find_target(result.entry.target)->make();
  for (const std::string_view alone : target->oracles()) {
    std::vector<std::string> without;
    for (const std::string_view oracle : target->oracles()) {
      if (oracle != alone) without.emplace_back(oracle);
    }
    auto seen = mutated.replay(result.entry.target, input, without);
    if (!seen) return std::unexpected(seen.error());
    if (seen->verdict == "finding") result.catchers.emplace_back(alone);
    if (seen->verdict == "crash" && (result.catchers.empty() || result.catchers.front() != seen->oracle)) {
      result.catchers.insert(result.catchers.begin(), seen->oracle);
      if (seen->oracle == "sanitizer") break;  // whatever is on, the sanitizer speaks first
    }
  }
  return {};
}

// The entry's input as the engines' bytes.
std::expected<fs::path, std::string> encoded(const Entry& entry, const fs::path& folder) {
  auto input = load_input(entry.input, entry.target);
  if (!input) return std::unexpected(input.error());
  fs::path file = folder / "input.bin";
  if (auto written = write_file(file, {reinterpret_cast<const char*>(input->bytes.data()), input->bytes.size()}); !written) return std::unexpected(written.error());  // SAFETY: bytes as chars
  return file;
}

std::expected<void, std::string> ask(EntryResult& result, Scratch& scratch, const MutantOptions& options, const Log& log) {
  const Entry& entry = result.entry;
  if (auto fresh = scratch.refresh(); !fresh) return fresh;
  if (auto planted = scratch.plant(*entry.patch); !planted) return planted;
  auto begin = Clock::now();
  if (auto built = scratch.build(entry.target); !built) return built;
  log(fmt::format("{}: built in {:.1f} s", entry.id, std::chrono::duration<double>(Clock::now() - begin).count()));
  const Instrumented mutated(scratch.program(entry.target), scratch.tree() / "build/replay");
  const auto input = encoded(entry, scratch.tree() / "build");
  if (!input) return std::unexpected(input.error());
  begin = Clock::now();
  auto seen = mutated.replay(entry.target, *input, {});
  if (!seen) return std::unexpected(seen.error());
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  result.mutant = seen->verdict == "ok" ? "survived" : "caught";
  result.on_mutant = std::move(*seen);
  if (options.matrix) {
    if (auto asked = ask_each_oracle(result, mutated, *input); !asked) return asked;
  }
  if (options.rediscover.count() > 0) {
    auto again = rediscover(entry.target, scratch.program(entry.target), scratch.tree() / "build/rediscover", options.rediscover);
    if (!again) return std::unexpected(again.error());
    result.rediscovery = std::move(*again);
  }
  return {};
}

}  // namespace

bool passes(const EntryResult& result) { return result.on_current.verdict == "ok" && (result.mutant == "caught" || result.mutant == "none"); }

void judge_mutant(EntryResult& result, Scratch& scratch, const MutantOptions& options, const Log& log) {
  if (!result.entry.patch) return;
  const auto asked = ask(result, scratch, options, log);
  if (asked) return;
  result.mutant = "broken";
  result.trouble = asked.error();
  log(result.entry.id + ": " + result.trouble);
}

}  // namespace cupel::fuzz
