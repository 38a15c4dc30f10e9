#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "fuzz/campaign/worker.hh"
#include "fuzz/regress/regress.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

struct Said {
  int status;
  std::string text;
};

// Runs a shell command with its errors in its output.
Said shell(const std::string& command) {
  Said said{-1, {}};
  FILE* stream = popen(("{ " + command + "\n} 2>&1").c_str(), "r");
  if (stream == nullptr) return {-1, "popen failed"};
  char chunk[4096];
  for (size_t size = 0; (size = fread(chunk, 1, sizeof chunk, stream)) > 0;) said.text.append(chunk, size);
  const int status = pclose(stream);
  said.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return said;
}

std::string last_part(const std::string& text) { return text.size() < 2000 ? text : text.substr(text.size() - 2000); }

// The scratch copy of the tree, in which one mutant at a time is planted.
class Scratch {
 public:
  Scratch(fs::path source, fs::path folder) : source_(fs::absolute(source)), tree_(fs::absolute(folder) / "tree") {}

  std::expected<void, std::string> refresh() {
    // Only files whose bytes differ are written, so that what was built stays built. `git ls-files` leaves out what is
    // ignored; a tree without git is not one a mutant can be planted in.
    const std::string copy = fmt::format(
        "set -e; mkdir -p {1}; cd {0}; git ls-files --cached --others --exclude-standard -z | while IFS= read -r -d '' f; do"
        " [ -f \"$f\" ] || continue; cmp -s \"$f\" {1}/\"$f\" || {{ mkdir -p {1}/\"$(dirname \"$f\")\"; cp \"$f\" {1}/\"$f\"; }}; done",
        quoted(source_), quoted(tree_));
    if (auto said = shell("bash -c " + quoted(copy)); said.status != 0) return std::unexpected("copying the tree failed:\n" + last_part(said.text));
    if (fs::exists(tree_ / "build/dev/build.ninja")) return {};
    return run(fmt::format("cmake --preset dev -S {0} -B {0}/build/dev", quoted(tree_)), "configuring the mutated tree");
  }
  std::expected<void, std::string> plant(const fs::path& patch) {
    return run(fmt::format("cd {} && GIT_CEILING_DIRECTORIES={} git apply --recount {}", quoted(tree_), quoted(tree_.parent_path()), quoted(fs::absolute(patch))),
               "planting " + patch.string());
  }
  std::expected<void, std::string> build(const std::string& target) {
    return run(fmt::format("export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR={0}; ninja -C {0}/build/dev cupel_replay {1}", quoted(tree_), target), "building the mutant");
  }
  fs::path program(const std::string& name) const { return tree_ / "build/dev/targets" / name; }

 private:
  static std::expected<void, std::string> run(const std::string& command, const std::string& what) {
    auto said = shell(command);
    if (said.status != 0) return std::unexpected(what + " failed:\n" + last_part(said.text));
    return {};
  }
  fs::path source_, tree_;
};

// What the mutated build says of the input, with `without` switched off.
std::expected<Replay, std::string> replay_there(const Scratch& scratch, const Entry& entry, const std::vector<std::string>& without) {
  std::string command = quoted(scratch.program("cupel_replay")) + " --target " + entry.target;
  for (const std::string& oracle : without) command += " --without " + oracle;
  const auto said = shell(command + " " + quoted(entry.input));
  const auto begin = said.text.find('{');
  const auto answer = nlohmann::json::parse(begin == std::string::npos ? "" : said.text.substr(begin), nullptr, false);
  if (!answer.is_object()) return std::unexpected("the mutated replayer said:\n" + last_part(said.text));
  return Replay{.file = entry.input, .target = entry.target, .verdict = answer.value("verdict", ""), .oracle = answer.value("oracle", ""),
                .call = answer.value("call", ""), .expected = answer.value("expected", ""), .got = answer.value("got", "")};
}

// A fresh campaign of one process on the mutated target: when does it fail?
std::expected<void, std::string> rediscover(EntryResult& result, const Scratch& scratch, const MutantOptions& options) {
  const fs::path folder = fs::absolute(options.scratch) / "rediscover";
  std::error_code error;
  fs::remove_all(folder, error);
  fs::create_directories(folder / "corpus", error);
  if (error) return std::unexpected(folder.string() + ": " + error.message());
  auto worker = Worker::start({result.entry.target, scratch.program(result.entry.target), {folder / "corpus"}, folder, 1});
  if (!worker) return std::unexpected(worker.error());
  const auto begin = Clock::now();
  bool alive = true;
  while ((alive = worker->pump()) && Clock::now() - begin < options.rediscover) {
    timespec pause{0, 20'000'000};
    nanosleep(&pause, nullptr);
  }
  result.rediscover_seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  result.rediscovered = !alive && worker->exit_status() != 0 && worker->exit_status() != 127;
  return {};
}

std::expected<void, std::string> ask_each_oracle(EntryResult& result, const Scratch& scratch) {
  auto target = find_target(result.entry.target)->make();
  for (const std::string_view alone : target->oracles()) {
    std::vector<std::string> without;
    for (const std::string_view oracle : target->oracles()) {
      if (oracle != alone) without.emplace_back(oracle);
    }
    auto seen = replay_there(scratch, result.entry, without);
    if (!seen) return std::unexpected(seen.error());
    if (seen->verdict == "finding") result.catchers.emplace_back(alone);
    if (seen->verdict == "crash" && (result.catchers.empty() || result.catchers.front() != seen->oracle)) {
      result.catchers.insert(result.catchers.begin(), seen->oracle);
      if (seen->oracle == "sanitizer") break;  // whatever is on, the sanitizer speaks first
    }
  }
  return {};
}

std::expected<void, std::string> ask(EntryResult& result, const MutantOptions& options, const std::function<void(const std::string&)>& log) {
  Scratch scratch(options.source, options.scratch);
  log(result.entry.id + ": building");
  if (auto fresh = scratch.refresh(); !fresh) return fresh;
  if (auto planted = scratch.plant(*result.entry.patch); !planted) return planted;
  if (auto built = scratch.build(options.rediscover.count() > 0 ? result.entry.target : ""); !built) return built;
  const auto begin = Clock::now();
  auto seen = replay_there(scratch, result.entry, {});
  if (!seen) return std::unexpected(seen.error());
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  result.on_mutant = *seen;
  result.mutant = seen->verdict == "ok" ? "survived" : "caught";
  log(fmt::format("{}: {} by {} in {:.2f} s", result.entry.id, result.mutant, seen->oracle.empty() ? "none" : seen->oracle, result.seconds));
  if (options.matrix) {
    if (auto asked = ask_each_oracle(result, scratch); !asked) return asked;
  }
  if (options.rediscover.count() > 0) {
    if (auto looked = rediscover(result, scratch, options); !looked) return looked;
  }
  return scratch.refresh();  // takes the mutant out again
}

}  // namespace

bool passes(const EntryResult& result) { return result.on_current.verdict == "ok" && (result.mutant == "caught" || result.mutant == "none"); }

void judge_mutant(EntryResult& result, const MutantOptions& options, const std::function<void(const std::string&)>& log) {
  if (!result.entry.patch) return;
  const auto asked = ask(result, options, log);
  if (asked) return;
  result.mutant = "broken";
  result.trouble = asked.error();
  log(result.entry.id + ": " + result.trouble);
}

}  // namespace cupel::fuzz
