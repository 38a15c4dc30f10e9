#include "platforms/linux/tree_client.hh"

#include <linux/futex.h>

#include <cstring>

#include "platforms/linux/host_call.hh"
#include "platforms/linux/shared_state.hh"

namespace cupel::on_linux {

using platform::TreeNode;

Result<> TreeClient::ask(TreeChannel::Question question, uint64_t number) {
  TreeChannel& channel = shared().tree;
  channel.question = question;
  channel.number = number;
  channel.error = 0;
  channel.state.store(TreeChannel::asked, std::memory_order_release);
  shared().ring();
  while (channel.state.load(std::memory_order_acquire) == TreeChannel::asked) {
    host_call(__NR_futex, address_of(&channel.state), FUTEX_WAIT, TreeChannel::asked, 0);
  }
  channel.state.store(TreeChannel::idle, std::memory_order_relaxed);
  return channel.error == 0 ? Result<>{} : fail(static_cast<Errno>(channel.error));
}

Result<std::span<const std::byte>> TreeClient::bytes() const {
  TreeChannel& channel = shared().tree;
  const uint32_t size = channel.size;
  if (size > channel.bytes.size()) return fail(Errno::io);
  return std::span<const std::byte>(channel.bytes).first(size);
}

Result<TreeNode> TreeClient::node(uint64_t number) {
  TRY(ask(TreeChannel::Question::node, number));
  return shared().tree.node;
}

Result<TreeNode> TreeClient::look_up(uint64_t directory, std::string_view name) {
  TreeChannel& channel = shared().tree;
  if (name.size() > channel.bytes.size()) return fail(Errno::nametoolong);
  std::memcpy(channel.bytes.data(), name.data(), name.size());
  channel.size = static_cast<uint32_t>(name.size());
  TRY(ask(TreeChannel::Question::look_up, directory));
  return channel.node;
}

Result<std::span<const std::byte>> TreeClient::read(uint64_t number, uint64_t offset, size_t size) {
  TreeChannel& channel = shared().tree;
  channel.offset = offset;
  channel.size = static_cast<uint32_t>(size < channel.bytes.size() ? size : channel.bytes.size());
  TRY(ask(TreeChannel::Question::read, number));
  return bytes();
}

Result<std::span<const std::byte>> TreeClient::list(uint64_t number, uint64_t skip) {
  shared().tree.offset = skip;
  TRY(ask(TreeChannel::Question::list, number));
  return bytes();
}

}  // namespace cupel::on_linux
