// cupel_corpus: runs every input of files and folders through one target, in this process, and then the inputs that the
// target generates from the seeds 0 to N-1. For coverage, and to show that traces do not change: prints "HASH FILE" a line,
// or with --total one hash over all.
//   cupel_corpus [--repeat N] [--generated N] [--total | --print | --encode FOLDER] TARGET [FILE|FOLDER...]
// With --print it runs nothing and prints them as text; with --encode it writes them as the engines' bytes into FOLDER.
//   cupel_corpus --list
// prints the names of all targets that can run on this machine, and says why others cannot.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>

#include "fuzz/replay/input.hh"

namespace {

namespace fs = std::filesystem;

int usage() {
  std::fprintf(stderr, "usage: cupel_corpus [--repeat N] [--generated N] [--total | --print | --encode FOLDER] TARGET [FILE|FOLDER...] | --list\n");
  return 2;
}

int list() {
  for (const cupel::fuzz::TargetInfo* target : cupel::fuzz::targets()) {
    const std::string name(target->name), why_not = target->unavailable ? target->unavailable() : "";
    if (why_not.empty()) std::printf("%s\n", name.c_str());
    else std::fprintf(stderr, "cupel_corpus: %s cannot run here: %s\n", name.c_str(), why_not.c_str());
  }
  return 0;
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

struct Options {
  unsigned long repeat = 1, generated = 0;
  bool total = false, print = false;
  fs::path encode_into;
  std::string target;
  std::vector<fs::path> places;
};

std::optional<Options> read_options(std::span<char*> arguments) {
  Options options;
  const auto number = [&](size_t& at, unsigned long& out) {
    char* end = nullptr;
    if (at + 1 == arguments.size()) return false;
    out = std::strtoul(arguments[++at], &end, 10);
    return end != arguments[at] && *end == 0;
  };
  for (size_t at = 0; at < arguments.size(); ++at) {
    const std::string_view argument = arguments[at];
    if (argument == "--repeat") {
      if (!number(at, options.repeat)) return std::nullopt;
    } else if (argument == "--generated") {
      if (!number(at, options.generated)) return std::nullopt;
    } else if (argument == "--total") {
      options.total = true;
    } else if (argument == "--print") {
      options.print = true;
    } else if (argument == "--encode") {
      if (at + 1 == arguments.size()) return std::nullopt;
      options.encode_into = arguments[++at];
    } else if (options.target.empty()) {
      options.target = argument;
    } else {
      options.places.emplace_back(argument);
    }
  }
  if (options.places.empty() && options.generated == 0) return std::nullopt;
  return options;
}

class CorpusRun {
 public:
  CorpusRun(const Options& options, cupel::fuzz::Target& target) : options_(options), target_(target) {}

  void run(const std::string& name, cupel::fuzz::ByteView bytes) {
    if (options_.print) {
      std::printf("# %s\n%s", name.c_str(), target_.print(bytes).c_str());
      return;
    }
    if (!options_.encode_into.empty()) {
      const auto written = cupel::fuzz::write_file(options_.encode_into / fs::path(name).stem(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      if (written) return;
      std::fprintf(stderr, "cupel_corpus: %s\n", written.error().c_str());
      std::exit(2);
    }
    const auto first = target_.run(bytes);
    for (unsigned long turn = 1; turn < options_.repeat; ++turn) {
      if (target_.run(bytes).trace_hash == first.trace_hash) continue;
      std::fprintf(stderr, "cupel_corpus: %s: its trace changed at repetition %lu\n", name.c_str(), turn);
      exit_code_ = 1;
      break;
    }
    if (first.finding) {
      std::fprintf(stderr, "cupel_corpus: %s: %s: %s\n", name.c_str(), first.finding->oracle.c_str(), first.finding->call.c_str());
      exit_code_ = 1;
    }
    all_ = (all_ ^ first.trace_hash) * 0x100000001b3;
    if (!options_.total) std::printf("%016" PRIx64 " %s\n", first.trace_hash, name.c_str());
  }
  int finish() const {
    if (options_.total) std::printf("%016" PRIx64 "\n", all_);
    return exit_code_;
  }

 private:
  const Options& options_;
  cupel::fuzz::Target& target_;
  uint64_t all_ = 0xcbf29ce484222325;
  int exit_code_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::string_view(arguments[1]) == "--list") return list();
  const auto options = read_options({arguments + 1, static_cast<size_t>(count - 1)});
  const auto* info = options ? cupel::fuzz::find_target(options->target) : nullptr;
  if (info == nullptr) return usage();
  const auto target = info->make();
  CorpusRun corpus(*options, *target);
  for (const fs::path& place : options->places) {
    if (fs::exists(place)) continue;
    std::fprintf(stderr, "cupel_corpus: %s is not there\n", place.c_str());
    return 2;
  }
  for (const fs::path& file : all_files(options->places)) {
    const auto input = cupel::fuzz::load_input(file, options->target);
    if (!input) {
      std::fprintf(stderr, "cupel_corpus: %s\n", input.error().c_str());
      return 2;
    }
    corpus.run(file.filename(), input->bytes);
  }
  for (uint32_t seed = 0; seed < options->generated; ++seed) corpus.run("generated-" + std::to_string(seed), target->generate(seed));
  return corpus.finish();
}
