#pragma once
#include <array>

#include "libos/fs/file_system.hh"
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// How openat2(2) has a path walked.
struct Resolution {
  bool beneath = false;        // nothing above or outside of where the walk starts
  bool in_root = false;        // where the walk starts is the root
  bool follows_links = true;
};

// A path a guest gave, copied in once, and the walks that start from it.
class PathArgument {
 public:
  // EFAULT, ENAMETOOLONG.
  Result<> read(Task& task, UserPath path);
  std::string_view text() const { return {text_.data(), size_}; }
  bool empty() const { return size_ == 0; }
  bool ends_in_slash() const { return size_ > 0 && text_[size_ - 1] == '/'; }

  // From the directory `from` where the path is relative: EBADF, ENOTDIR.
  Result<libos::Place> walk(Task& task, DirFd from, libos::Follow follow, Resolution how = {}) const;
  Result<libos::Place> walk_as(Task& task, DirFd from, libos::Follow follow, const libos::Credentials& who, Resolution how = {}) const;
  // The file it names; with `allow_empty` an empty path names `from` itself, which may then be any file.
  Result<Ref<libos::Inode>> find(Task& task, DirFd from, libos::Follow follow, bool allow_empty = false) const;

 private:
  std::array<char, libos::path_size_max> text_;
  size_t size_ = 0;
};

inline constexpr DirFd at_cwd{{}, RawFd(DirFd::cwd)};

}  // namespace cupel::linux_shim
