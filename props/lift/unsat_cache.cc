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

void UnsatCache::add(std::string_view query) {
  std::string line = key(query);
  if (!known_.insert(line).second) return;
  line += '\n';
  std::ofstream(file_, std::ios::app) << line << std::flush;
}

// FNV-1a of 128 bits: two queries of one's own making do not meet by chance.
std::string UnsatCache::key(std::string_view query) {
  __extension__ using Word = unsigned __int128;
  constexpr Word prime = (Word{1} << 88) + 0x13b;
  Word hash = (Word{0x6c62272e07bb0142} << 64) + 0x62b821756295c58d;
  for (const char byte : query) hash = (hash ^ static_cast<unsigned char>(byte)) * prime;
  return fmt::format("{:016x}{:016x}", static_cast<uint64_t>(hash >> 64), static_cast<uint64_t>(hash));
}

}  // namespace cupel::lift
