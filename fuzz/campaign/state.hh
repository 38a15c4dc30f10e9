#pragma once
#include <expected>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace cupel::fuzz {

// A campaign's folder. Every file in it is written whole or appended to by lines, so whatever moment the campaign is
// killed in, the next one goes on from what is there:
//   corpus/TARGET/      the engines' inputs
//   raw/TARGET/         failing inputs not yet looked at
//   findings/ID/        input.bin, program.txt, trace.txt, finding.json: replayed three times and minimised
//   series.jsonl        one line a sample: seconds, target, executions, edges, corpus, rate
//   report.html, report.json
class State {
 public:
  // Creates what is missing; the error names the path that cannot be written.
  static std::expected<State, std::string> open(const std::filesystem::path& folder);

  std::filesystem::path corpus(const std::string& target) const { return folder_ / "corpus" / target; }
  std::filesystem::path raw(const std::string& target) const { return folder_ / "raw" / target; }
  std::filesystem::path findings() const { return folder_ / "findings"; }
  const std::filesystem::path& folder() const { return folder_; }

  std::expected<void, std::string> prepare(const std::string& target) const;
  std::expected<void, std::string> append_sample(const nlohmann::json& sample) const;
  // All samples; a line that is not one (cut short by a kill, or damaged) is passed over.
  std::vector<nlohmann::json> samples() const;
  // Every finding.json that is whole, by id.
  std::vector<nlohmann::json> all_findings() const;
  // Puts the input of each finding whose finding.json is not whole back into raw/, where it is looked at again. Says what it did,
  // and which findings have no input either.
  std::expected<std::vector<std::string>, std::string> recover() const;

 private:
  explicit State(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

}  // namespace cupel::fuzz
