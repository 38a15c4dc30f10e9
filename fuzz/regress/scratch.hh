#pragma once
#include <expected>
#include <filesystem>
#include <string>

namespace cupel::fuzz {

// A copy of the tree, in which one mutant at a time is planted and one target built. Only files whose bytes differ are ever
// written, so what was built stays built.
class Scratch {
 public:
  // Builds with so many processes; 0: as many as there are processors.
  Scratch(const std::filesystem::path& source, const std::filesystem::path& tree, unsigned processes)
      : source_(std::filesystem::absolute(source)), tree_(std::filesystem::absolute(tree)), processes_(processes) {}

  // As the source is: whatever was planted is gone.
  std::expected<void, std::string> refresh();
  std::expected<void, std::string> plant(const std::filesystem::path& patch);
  std::expected<void, std::string> build(const std::string& target);
  std::filesystem::path program(const std::string& target) const { return tree_ / "build/fuzz/targets" / target; }
  const std::filesystem::path& tree() const { return tree_; }

 private:
  std::filesystem::path source_, tree_;
  unsigned processes_;
};

// One word for all that a build of the tree depends on.
std::expected<std::string, std::string> digest_of_sources(const std::filesystem::path& source);

}  // namespace cupel::fuzz
