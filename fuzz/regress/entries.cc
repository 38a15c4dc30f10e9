#include <algorithm>

#include "fuzz/regress/regress.hh"

namespace cupel::fuzz {

namespace fs = std::filesystem;

std::expected<std::vector<Entry>, std::string> load_entries(const fs::path& folder, const std::vector<std::string>& groups) {
  std::vector<Entry> entries;
  std::error_code error;
  for (const auto& item : fs::directory_iterator(folder, error)) {
    if (!item.is_directory()) continue;
    Entry entry{.id = item.path().filename(), .group = {}, .target = about_value(item.path() / "about.md", "target"),
                .oracle = about_value(item.path() / "about.md", "oracle"), .folder = item.path(), .input = item.path() / "program.txt", .patch = {}};
    if (entry.target.empty()) return std::unexpected((item.path() / "about.md").string() + ": has no line \"target: NAME\"");
    if (!fs::exists(entry.input)) entry.input = item.path() / "input.bin";
    if (!fs::exists(entry.input)) return std::unexpected(item.path().string() + ": has neither program.txt nor input.bin");
    if (fs::exists(item.path() / "mutant.patch")) entry.patch = item.path() / "mutant.patch";
    entry.group = entry.target.substr(0, entry.target.find('_'));
    const auto named = [&](const std::string& name) { return std::ranges::find(groups, name) != groups.end(); };
    if (groups.empty() || named(entry.group) || named(entry.target) || named(entry.id)) entries.push_back(std::move(entry));
  }
  if (error) return std::unexpected(folder.string() + ": " + error.message());
  std::ranges::sort(entries, {}, &Entry::id);
  return entries;
}

std::expected<EntryResult, std::string> replay_entry(const Entry& entry) {
  auto input = load_input(entry.input, entry.target);
  if (!input) return std::unexpected(input.error());
  EntryResult result{.entry = entry, .on_current = {}, .trouble = {}, .on_mutant = {}, .catchers = {}, .rediscovery = {}};
  const auto begin = std::chrono::steady_clock::now();
  auto run = replay(*input, {});
  if (!run) return std::unexpected(run.error());
  result.on_current = std::move(*run);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace cupel::fuzz
