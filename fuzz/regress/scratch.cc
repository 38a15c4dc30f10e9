#include "fuzz/regress/scratch.hh"

#include <fmt/format.h>

#include "fuzz/regress/shell.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;

// `git ls-files` leaves out what is ignored; a tree without git is not one a mutant can be planted in.
constexpr const char* listed = "git ls-files --cached --others --exclude-standard -z";

}  // namespace

std::expected<void, std::string> Scratch::refresh() {
  const std::string copy = fmt::format(
      "mkdir -p {1}; cd {0}; {2} | while IFS= read -r -d '' f; do [ -f \"$f\" ] || continue;"
      " cmp -s \"$f\" {1}/\"$f\" || {{ mkdir -p {1}/\"$(dirname \"$f\")\"; cp \"$f\" {1}/\"$f\"; }}; done",
      quoted(source_), quoted(tree_), listed);
  if (auto copied = bash(copy, "copying the tree"); !copied) return std::unexpected(copied.error());
  if (fs::exists(tree_ / "build/fuzz/build.ninja")) return {};
  if (auto made = bash(fmt::format("cmake --preset fuzz -S {0} -B {0}/build/fuzz", quoted(tree_)), "configuring the mutated tree"); !made) return std::unexpected(made.error());
  return {};
}

std::expected<void, std::string> Scratch::plant(const fs::path& patch) {
  auto planted = bash(fmt::format("cd {}; GIT_CEILING_DIRECTORIES={} git apply --recount {}", quoted(tree_), quoted(tree_.parent_path()), quoted(fs::absolute(patch))), "planting " + patch.string());
  if (!planted) return std::unexpected(planted.error());
  return {};
}

std::expected<void, std::string> Scratch::build(const std::string& target) {
  auto built = bash(fmt::format("export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR={0}; ninja -C {0}/build/fuzz {1} {2}", quoted(tree_), processes_ == 0 ? "" : fmt::format("-j {}", processes_), quoted(target)), "building the mutant");
  if (!built) return std::unexpected(built.error());
  return {};
}

std::expected<std::string, std::string> digest_of_sources(const fs::path& source) {
  return bash(fmt::format("cd {}; {} -- CMakeLists.txt CMakePresets.json cmake fuzz libos platforms props shims | sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-32", quoted(source), listed), "reading the tree");
}

}  // namespace cupel::fuzz
