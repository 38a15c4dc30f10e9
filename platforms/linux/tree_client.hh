#pragma once
#include "libos/platform/host_tree.hh"
#include "platforms/linux/tree_channel.hh"

namespace cupel::on_linux {

// The host's tree as the machine sees it.
class TreeClient final : public platform::HostTree {
 public:
  Result<platform::TreeNode> node(uint64_t number) override;
  Result<platform::TreeNode> look_up(uint64_t directory, std::string_view name) override;
  Result<std::span<const std::byte>> read(uint64_t number, uint64_t offset, size_t size) override;
  Result<std::span<const std::byte>> list(uint64_t number, uint64_t skip) override;

 private:
  Result<> ask(TreeChannel::Question question, uint64_t number);
  Result<std::span<const std::byte>> bytes() const;
};

}  // namespace cupel::on_linux
