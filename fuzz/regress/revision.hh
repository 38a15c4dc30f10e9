#pragma once
#include <expected>
#include <filesystem>
#include <string>

namespace cupel::fuzz {

// Another commit of the tree, checked out and built beside it. Asked with texts of programs, which each commit reads by its own
// table: the engines' bytes may mean something else there.
class Revision {
 public:
  // `folder` keeps checkout and build, for the next one as well.
  Revision(const std::filesystem::path& source, const std::filesystem::path& folder)
      : source_(std::filesystem::absolute(source)), tree_(std::filesystem::absolute(folder) / "tree") {}

  // The full name of a commit that is named like this; the error says that there is none.
  std::expected<std::string, std::string> resolve(const std::string& name) const;
  // There, and nothing of what another commit left.
  std::expected<void, std::string> check_out(const std::string& commit) const;
  std::expected<void, std::string> build() const;

  struct Verdict {
    std::string verdict, oracle;  // as `cupel replay` says; "unknown": this commit has no such target, or cannot read the text
    std::string trouble;          // of "unknown": why
  };
  std::expected<Verdict, std::string> replay(const std::filesystem::path& program) const;

  const std::filesystem::path& tree() const { return tree_; }

 private:
  std::filesystem::path source_, tree_;
};

}  // namespace cupel::fuzz
