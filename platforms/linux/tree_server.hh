#pragma once
#include <cstdint>
#include <deque>
#include <expected>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "platforms/linux/tree_channel.hh"

namespace cupel::on_linux {

// The opener: answers questions about the files below one directory of the host, in the supervisor. It opens for reading only,
// one name at a time below a directory it opened itself, and follows no link: what is asked for cannot lead out of the tree.
class TreeServer {
 public:
  // What went wrong, as a sentence's end.
  static std::expected<TreeServer, std::string> open(const std::string& root);
  TreeServer(TreeServer&&) = default;

  // Answers what stands in the channel.
  void answer(TreeChannel& channel);

 private:
  explicit TreeServer(int root) : root_(root) { nodes_.push_back({0, ""}); nodes_.push_back({0, "."}); }
  struct Node {
    uint64_t parent;
    std::string path;  // below the root
  };
  uint32_t respond(TreeChannel& channel);
  std::expected<int, int> descriptor(uint64_t number, bool directory);
  std::expected<platform::TreeNode, int> describe(uint64_t number) const;

  int root_;
  std::deque<Node> nodes_;                                          // by number
  std::map<std::pair<uint64_t, std::string>, uint64_t> numbers_;    // of names looked up before
  std::list<std::pair<uint64_t, int>> open_;                        // files read lately, newest first
  uint64_t listed_ = 0;                                             // whose names these are
  std::vector<std::string> names_;
};

}  // namespace cupel::on_linux
