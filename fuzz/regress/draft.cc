#include "fuzz/regress/draft.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "fuzz/regress/shell.hh"
#include "fuzz/replay/input.hh"

namespace cupel::fuzz {
namespace {

namespace fs = std::filesystem;

std::string dashed(std::string id) {
  std::ranges::replace(id, '_', '-');
  return id;
}

std::expected<nlohmann::json, std::string> read_finding(const fs::path& folder) {
  const auto text = read_file(folder / "finding.json");
  if (!text) return std::unexpected(text.error());
  auto said = nlohmann::json::parse(*text, nullptr, false);
  for (const char* field : {"target", "oracle", "call", "expected", "got", "id", "first_seen"}) {
    if (!said.is_object() || !said.contains(field) || !said[field].is_string()) return std::unexpected(fmt::format("{}: has no \"{}\"", (folder / "finding.json").string(), field));
  }
  return said;
}

std::string about(const nlohmann::json& finding, const DraftOptions& options) {
  const auto of = [&](const char* field) { return finding[field].get<std::string>(); };
  return fmt::format("target: {}\noracle: {}\nsource: a fuzz campaign on {}\ninvariant: {}\n\n# {}\n\nExpected {}; got {}.\n", of("target"), of("oracle"), of("first_seen").substr(0, 10),
                     options.invariant.empty() ? of("expected") : options.invariant, of("call").empty() ? of("id") : of("call"), of("expected"), of("got"));
}

}  // namespace

std::expected<fs::path, std::string> draft_entry(const fs::path& finding, const DraftOptions& options) {
  const auto said = read_finding(finding);
  if (!said) return std::unexpected(said.error());
  const bool has_text = fs::exists(finding / "program.txt");
  const fs::path input = finding / (has_text ? "program.txt" : "input.bin");
  const auto content = read_file(input);
  if (!content) return std::unexpected(content.error());
  const fs::path entry = options.regressions / (options.id.empty() ? dashed((*said)["id"]) : options.id);
  if (fs::exists(entry)) return std::unexpected(entry.string() + ": there is such an entry; give another name with --id");

  // Made beside its place, and moved there whole.
  const fs::path draft = options.regressions / ("." + entry.filename().string() + ".draft");
  std::error_code error;
  fs::remove_all(draft, error);
  fs::create_directories(draft, error);
  if (error) return std::unexpected(draft.string() + ": " + error.message());
  std::expected<void, std::string> written = write_file(draft / input.filename(), *content);
  if (written) written = write_file(draft / "about.md", about(*said, options));
  if (written && !options.mutant.empty()) written = write_file(draft / "mutant.patch", options.mutant);
  if (written) {
    fs::rename(draft, entry, error);
    if (error) written = std::unexpected(entry.string() + ": " + error.message());
  }
  if (written) return entry;
  fs::remove_all(draft, error);
  return std::unexpected(written.error());
}

std::expected<std::string, std::string> patch_that_undoes(const fs::path& tree, const std::string& fix) {
  const std::string script = fmt::format("cd {}; git rev-parse --verify --quiet {}'^{{commit}}' >/dev/null || {{ echo there is no such commit; exit 1; }};"
                                         " git diff {}..{}~1 -- . ':!corpus' ':!docs' ':!ci' ':!*_test.cc' ':!*.md'",
                                         quoted(tree.string()), quoted(fix), quoted(fix), quoted(fix));
  auto patch = bash(script, "undoing " + fix);
  if (patch && patch->empty()) return std::unexpected(fix + " changes nothing but tests, texts and the corpus: there is nothing to plant again");
  return patch;
}

}  // namespace cupel::fuzz
