// cupel_corpus: runs every input of files and folders through one target, in this process. For coverage, and to show that
// traces do not change: prints "HASH FILE" a line, or with --total one hash over all.
//   cupel_corpus [--repeat N] [--total] TARGET FILE|FOLDER...
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "fuzz/replay/input.hh"

namespace {

namespace fs = std::filesystem;

int usage() {
  std::fprintf(stderr, "usage: cupel_corpus [--repeat N] [--total] TARGET FILE|FOLDER...\n");
  return 2;
}

std::vector<fs::path> all_files(const std::vector<fs::path>& places) {
  std::vector<fs::path> files;
  for (const fs::path& place : places) {
    if (fs::is_regular_file(place)) files.push_back(place);
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(place, error)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

int main(int count, char** arguments) {
  unsigned long repeat = 1;
  bool total = false;
  std::vector<fs::path> places;
  std::string name;
  for (int index = 1; index < count; ++index) {
    if (std::strcmp(arguments[index], "--repeat") == 0 && index + 1 < count) repeat = std::strtoul(arguments[++index], nullptr, 10);
    else if (std::strcmp(arguments[index], "--total") == 0) total = true;
    else if (name.empty()) name = arguments[index];
    else places.emplace_back(arguments[index]);
  }
  const auto* info = cupel::fuzz::find_target(name);
  if (info == nullptr || places.empty()) return usage();
  auto target = info->make();
  uint64_t all = 0xcbf29ce484222325;
  int exit_code = 0;
  for (const fs::path& file : all_files(places)) {
    auto input = cupel::fuzz::load_input(file, name);
    if (!input) {
      std::fprintf(stderr, "cupel_corpus: %s\n", input.error().c_str());
      return 2;
    }
    const auto first = target->run(input->bytes);
    for (unsigned long turn = 1; turn < repeat; ++turn) {
      if (target->run(input->bytes).trace_hash != first.trace_hash) {
        std::fprintf(stderr, "cupel_corpus: %s: its trace changed at repetition %lu\n", file.c_str(), turn);
        exit_code = 1;
        break;
      }
    }
    if (first.finding) {
      std::fprintf(stderr, "cupel_corpus: %s: %s: %s\n", file.c_str(), first.finding->oracle.c_str(), first.finding->call.c_str());
      exit_code = 1;
    }
    all = (all ^ first.trace_hash) * 0x100000001b3;
    if (!total) std::printf("%016" PRIx64 " %s\n", first.trace_hash, file.filename().c_str());
  }
  if (total) std::printf("%016" PRIx64 "\n", all);
  return exit_code;
}
