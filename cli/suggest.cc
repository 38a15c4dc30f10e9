#include "cli/suggest.hh"

#include <algorithm>
#include <vector>

namespace cupel::cli {
namespace {

// Optimal string alignment: as Levenshtein, and two neighbours swapped count as one change.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> rows(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        rows[i][j] = i + j;
        continue;
      }
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

}  // namespace

std::string closest(std::string_view word, std::span<const std::string> candidates) {
  const auto best = std::ranges::min_element(candidates, {}, [word](const std::string& one) { return distance(word, one); });
  if (best == candidates.end() || distance(word, *best) > std::max<size_t>(1, word.size() / 3)) return {};
  return *best;
}

}  // namespace cupel::cli
