#pragma once
#include <filesystem>
#include <optional>

#include "fuzz/replay/minimise.hh"

namespace cupel::fuzz {

// A target's libFuzzer program, asked about inputs rather than set to search: it sees what only a sanitizer sees.
class Instrumented {
 public:
  // `scratch` is a folder of ours: made when needed, and taken away again.
  Instrumented(std::filesystem::path program, std::filesystem::path scratch) : program_(std::move(program)), scratch_(std::move(scratch)) {}

  // What it says of one input; nothing: it runs through.
  std::optional<Replay> ask(const Input& input) const;
  // The same, with these oracles switched off; the verdict "ok" where it runs through. The error says why it did not run the input.
  std::expected<Replay, std::string> replay(const std::string& target, const std::filesystem::path& file, const std::vector<std::string>& without) const;
  // Fails in the same way: the same oracle, and of a sanitizer the same place. One process runs many candidates.
  Judge judge(const Replay& finding) const;

 private:
  struct Failure {
    size_t index;  // of the file it was running
    Replay seen;
  };
  std::optional<Failure> first_failure(const std::string& target, const std::vector<std::filesystem::path>& files,
                                       std::chrono::steady_clock::time_point until) const;
  std::optional<size_t> first_alike(const Replay& finding, std::span<const Bytes> candidates, std::chrono::steady_clock::time_point until) const;

  std::filesystem::path program_, scratch_;
};

}  // namespace cupel::fuzz
