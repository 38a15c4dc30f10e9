#include "fuzz/regress/revision.hh"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "fuzz/regress/shell.hh"

namespace cupel::fuzz {

namespace fs = std::filesystem;

std::expected<std::string, std::string> Revision::resolve(const std::string& name) const {
  auto commit = bash(fmt::format("git -C {} rev-parse --verify --quiet --end-of-options {}'^{{commit}}'", quoted(source_), quoted(name)), "looking up the commit " + name);
  if (!commit) return std::unexpected(fmt::format("there is no commit {} in {}", name, source_.string()));
  commit->erase(commit->find_last_not_of('\n') + 1);
  return commit;
}

std::expected<void, std::string> Revision::check_out(const std::string& commit) const {
  // The clone shares the objects of the source, so that each commit of it can be had.
  const std::string script = fmt::format("[ -d {0}/.git ] || git clone --quiet --shared --no-checkout {1} {0}; git -C {0} checkout --quiet --force --detach {2}", quoted(tree_), quoted(source_), quoted(commit));
  if (auto done = bash(script, "checking out " + commit); !done) return std::unexpected(done.error());
  return {};
}

std::expected<void, std::string> Revision::build() const {
  const std::string script = fmt::format("cd {0}; export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR={0}; [ -f build/release/build.ninja ] || cmake --preset release; ninja -C build/release cupel_cli", quoted(tree_));
  if (auto done = bash(script, "building " + tree_.string()); !done) return std::unexpected(done.error());
  return {};
}

std::expected<Revision::Verdict, std::string> Revision::replay(const fs::path& program) const {
  // Exit code 1 is an answer, too.
  const std::string script = fmt::format("env CUPEL_ROOT={0} {0}/build/release/cli/cupel replay --json {1} || [ $? -eq 1 ]", quoted(tree_), quoted(fs::absolute(program)));
  const auto said = bash(script, "replaying " + program.string());
  if (!said) return Verdict{.verdict = "unknown", .oracle = {}, .trouble = said.error()};
  const auto line = said->rfind("{\"runs\"");  // warnings may stand before it
  const auto answer = nlohmann::json::parse(line == std::string::npos ? std::string() : said->substr(line), nullptr, false);
  if (!answer.is_object() || answer["runs"].size() != 1) return std::unexpected(fmt::format("{} answered a replay with: {}", tree_.string(), *said));
  const auto& run = answer["runs"][0];
  return Verdict{.verdict = run.value("verdict", ""), .oracle = run.value("oracle", ""), .trouble = {}};
}

}  // namespace cupel::fuzz
