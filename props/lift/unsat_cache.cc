#include "props/lift/unsat_cache.hh"

#include <fmt/format.h>
#include <z3++.h>

#include <fstream>

namespace cupel::lift {
namespace {

constexpr size_t key_size = 32;

bool is_key(std::string_view line) {
  return line.size() == key_size && line.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

UnsatCache::UnsatCache(const std::filesystem::path& folder) {
  unsigned major = 0, minor = 0, build = 0, revision = 0;
  Z3_get_version(&major, &minor, &build, &revision);
  std::filesystem::create_directories(folder);
  file_ = folder / fmt::format("unsat-z3-{}.{}.{}", major, minor, build);
  std::ifstream in(file_);
  for (std::string line; std::getline(in, line);) {
    if (is_key(line)) known_.insert(line);  // not a line torn by a crash
  }
}

void UnsatCache::add(const std::string& formula_key) {
  if (known_.insert(formula_key).second) std::ofstream(file_, std::ios::app) << formula_key + '\n' << std::flush;
}

}  // namespace cupel::lift
