#include "fuzz/regress/bisect.hh"

#include <fmt/format.h>

#include <optional>
#include <sstream>

#include "fuzz/regress/shell.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;

class Bisection {
 public:
  Bisection(const Revision& revision, const fs::path& program, const std::function<void(const BisectStep&)>& on_step)
      : revision_(revision), program_(program), on_step_(on_step) {}

  std::expected<Bisected, std::string> run(const std::string& good, const std::string& bad) {
    if (auto is_so = ends_differ(good, bad); !is_so) return std::unexpected(is_so.error());
    auto said = git(fmt::format("bisect start --no-checkout {} {} -- && git -C {} bisect next", quoted(bad), quoted(good), quoted(revision_.tree())));
    for (;;) {
      if (!said && said.error().find("only 'skip'ped commits left") == std::string::npos) return std::unexpected(said.error());
      const std::string text = said ? *said : said.error();
      if (auto ended = result_in(text)) return std::move(*ended);
      auto commit = git("rev-parse --verify BISECT_HEAD");
      if (!commit) return std::unexpected(commit.error());
      commit->erase(commit->find_last_not_of('\n') + 1);
      const BisectStep step = ask(*commit);
      on_step_(step);
      said = git("bisect " + step.said);
    }
  }

 private:
  std::expected<std::string, std::string> git(const std::string& arguments) const { return bash(fmt::format("git -C {} {}", quoted(revision_.tree()), arguments), "git " + arguments); }

  std::string title_of(const std::string& commit) const {
    auto title = git("log -1 --format=%s " + quoted(commit));
    if (!title) return {};
    title->erase(title->find_last_not_of('\n') + 1);
    return *title;
  }

  std::expected<void, std::string> ends_differ(const std::string& good, const std::string& bad) {
    if (auto out = revision_.check_out(bad); !out) return out;
    static_cast<void>(git("bisect reset --quiet"));  // an earlier one that was interrupted; there may be none
    if (auto built = revision_.build(); !built) return built;
    const auto worst = revision_.replay(program_);
    if (!worst) return std::unexpected(worst.error());
    if (worst->verdict == "ok" || worst->verdict == "unknown") return std::unexpected(fmt::format("{} does not fail in the bad commit {}: {} {}", program_.string(), bad, worst->verdict, worst->trouble));
    oracle_ = worst->oracle;
    on_step_({.commit = bad, .title = title_of(bad), .said = "bad", .trouble = {}});
    const BisectStep best = ask(good);
    on_step_(best);
    if (best.said == "good") return {};
    return std::unexpected(fmt::format("the good commit {} is {}: {}", good, best.said, best.said == "bad" ? "the program fails there as well; give an older one with --good" : best.trouble));
  }

  BisectStep ask(const std::string& commit) const {
    BisectStep step{.commit = commit, .title = title_of(commit), .said = "skip", .trouble = {}};
    auto ready = revision_.check_out(commit);
    if (ready) ready = revision_.build();
    if (!ready) {
      step.trouble = ready.error();
      return step;
    }
    const auto seen = revision_.replay(program_);
    if (!seen) step.trouble = seen.error();
    else if (seen->verdict == "ok") step.said = "good";
    else if (seen->verdict != "unknown" && seen->oracle == oracle_) step.said = "bad";
    else step.trouble = seen->verdict == "unknown" ? seen->trouble : "another oracle objects: " + seen->oracle;
    return step;
  }

  // What git says at the end; nothing: it goes on.
  std::optional<Bisected> result_in(const std::string& text) const {
    Bisected result;
    if (const auto at = text.find(" is the first bad commit"); at != std::string::npos) {
      const auto line = text.rfind('\n', at);
      const auto begin = line == std::string::npos ? 0 : line + 1;
      result.commit = text.substr(begin, at - begin);
      result.title = title_of(result.commit);
      return result;
    }
    constexpr std::string_view suspects = "The first bad commit could be any of:\n";
    const auto at = text.find(suspects);
    if (at == std::string::npos) return std::nullopt;
    std::istringstream lines(text.substr(at + suspects.size()));
    for (std::string line; std::getline(lines, line) && line.size() == 40;) result.suspects.push_back(line);
    return result;
  }

  const Revision& revision_;
  const fs::path& program_;
  const std::function<void(const BisectStep&)>& on_step_;
  std::string oracle_;
};

}  // namespace

std::expected<Bisected, std::string> bisect(const Revision& revision, const fs::path& program, const std::string& good, const std::string& bad,
                                            const std::function<void(const BisectStep&)>& on_step) {
  const auto best = revision.resolve(good), worst = revision.resolve(bad);
  if (!best) return std::unexpected("--good: " + best.error());
  if (!worst) return std::unexpected("--bad: " + worst.error());
  return Bisection(revision, program, on_step).run(*best, *worst);
}

}  // namespace cupel::fuzz
