#include "platforms/linux/tree_server.hh"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cupel::on_linux {
namespace {

constexpr size_t open_max = 128;

// The path below `root`, through no link and out of it nowhere.
int open_below(int root, const std::string& path, uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how)));
}

bool is_name(std::string_view name) { return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos && name.find('\0') == name.npos; }

}  // namespace

std::expected<TreeServer, std::string> TreeServer::open(const std::string& root) {
  const int descriptor = ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return std::unexpected(fmt::format("cannot open the root directory {}: {}", root, std::strerror(errno)));
  return TreeServer(descriptor);
}

std::expected<platform::TreeNode, int> TreeServer::describe(uint64_t number) const {
  const std::string& path = nodes_[number].path;
  struct stat found{};
  const int at = open_below(root_, path, O_PATH | O_NOFOLLOW);
  if (at < 0) return std::unexpected(errno);
  const int result = fstat(at, &found);
  const int error = errno;
  close(at);
  if (result != 0) return std::unexpected(error);
  return platform::TreeNode{.number = number, .size = static_cast<uint64_t>(found.st_size), .modified_seconds = found.st_mtim.tv_sec,
                            .modified_nanoseconds = static_cast<uint32_t>(found.st_mtim.tv_nsec), .mode = found.st_mode, .uid = found.st_uid,
                            .gid = found.st_gid, .device = static_cast<uint32_t>(major(found.st_rdev) << 8 | minor(found.st_rdev))};
}

std::expected<int, int> TreeServer::descriptor(uint64_t number, bool directory) {
  const auto known = std::ranges::find(open_, number, &std::pair<uint64_t, int>::first);
  if (known != open_.end()) {
    open_.splice(open_.begin(), open_, known);
    return open_.front().second;
  }
  // Nothing but files and directories is opened, and nothing blocks.
  const int opened = open_below(root_, nodes_[number].path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | (directory ? O_DIRECTORY : 0u));
  if (opened < 0) return std::unexpected(errno);
  open_.emplace_front(number, opened);
  if (open_.size() > open_max) {
    close(open_.back().second);
    open_.pop_back();
  }
  return opened;
}

uint32_t TreeServer::respond(TreeChannel& channel) {
  const uint64_t number = channel.number, offset = channel.offset;
  const size_t size = std::min<size_t>(channel.size, channel.bytes.size());
  char* const bytes = reinterpret_cast<char*>(channel.bytes.data());  // SAFETY: bytes looked at as characters
  if (number == 0 || number >= nodes_.size()) return ENOENT;
  const auto found = describe(number);
  if (!found) return static_cast<uint32_t>(found.error());
  switch (channel.question) {
    case TreeChannel::Question::node: channel.node = *found; return 0;
    case TreeChannel::Question::look_up: {
      const std::string name(bytes, size);
      if (!is_name(name)) return ENOENT;
      if (!S_ISDIR(found->mode)) return ENOTDIR;
      auto [place, is_new] = numbers_.try_emplace({number, name}, nodes_.size());
      if (is_new) nodes_.push_back({number, number == platform::HostTree::root ? name : nodes_[number].path + "/" + name});
      const auto child = describe(place->second);
      if (child) channel.node = *child;
      if (!child && is_new) {
        nodes_.pop_back();
        numbers_.erase(place);
      }
      return child ? 0 : static_cast<uint32_t>(child.error());
    }
    case TreeChannel::Question::read: {
      ssize_t done = 0;
      if (S_ISLNK(found->mode)) {
        const int link = open_below(root_, nodes_[number].path, O_PATH | O_NOFOLLOW);
        if (link < 0) return static_cast<uint32_t>(errno);
        done = readlinkat(link, "", bytes, size);
        close(link);
      } else {
        if (!S_ISREG(found->mode)) return EINVAL;
        const auto file = descriptor(number, false);
        if (!file) return static_cast<uint32_t>(file.error());
        done = pread(*file, bytes, size, static_cast<off_t>(offset));
      }
      if (done < 0) return static_cast<uint32_t>(errno);
      channel.size = static_cast<uint32_t>(done);
      return 0;
    }
    case TreeChannel::Question::list: {
      if (offset == 0 || listed_ != number) {
        const int at = open_below(root_, nodes_[number].path, O_RDONLY | O_DIRECTORY);
        DIR* directory = at < 0 ? nullptr : fdopendir(at);
        if (directory == nullptr) return static_cast<uint32_t>(errno);
        names_.clear();
        while (const dirent* entry = readdir(directory)) {
          if (is_name(entry->d_name)) names_.emplace_back(entry->d_name);
        }
        closedir(directory);
        std::ranges::sort(names_, std::greater<>());  // the newest in a directory is listed first: so they come out in order
        listed_ = number;
      }
      size_t used = 0;
      for (size_t index = offset; index < names_.size() && used + names_[index].size() + 1 <= channel.bytes.size(); ++index) {
        std::memcpy(bytes + used, names_[index].c_str(), names_[index].size() + 1);
        used += names_[index].size() + 1;
      }
      channel.size = static_cast<uint32_t>(used);
      return 0;
    }
  }
  return ENOSYS;
}

void TreeServer::answer(TreeChannel& channel) {
  const uint32_t error = respond(channel);
  channel.error = error;
}

}  // namespace cupel::on_linux
