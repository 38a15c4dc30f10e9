#include "fuzz/host/guest_root.hh"

#include <dirent.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>

#include "fuzz/host/raw_call.hh"

namespace cupel::host {
namespace {

constexpr const char* console = "/console";

// A record of getdents64(2), up to its name.
struct [[gnu::packed]] Entry {
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  uint8_t type;
};

bool is_dot(const char* name) { return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0)); }

// Removes all that the working directory holds but for the file of inode `kept`. No descriptor stays open while it goes
// deeper: there may be few.
void empty_directory(uint64_t kept) {
  alignas(8) char buffer[2048];
  constexpr int64_t entry_size_max = sizeof(Entry) + 256 + 8;
  int64_t size = 0;
  do {
    const int64_t directory = kernel(SYS_openat, AT_FDCWD, ".", O_RDONLY | O_DIRECTORY);
    size = kernel(SYS_getdents64, directory, buffer, sizeof(buffer));
    kernel(SYS_close, directory);
    for (int64_t at = 0; at < size;) {
      // SAFETY: the kernel fills the buffer with whole records.
      const auto* entry = reinterpret_cast<const Entry*>(buffer + at);
      const char* name = buffer + at + sizeof(Entry);
      at += entry->size;
      if (is_dot(name) || entry->inode == kept) continue;
      if (entry->type != DT_DIR) {
        kernel(SYS_unlinkat, AT_FDCWD, name, 0);
      } else if (kernel(SYS_unlinkat, AT_FDCWD, name, AT_REMOVEDIR) != 0 && kernel(SYS_chdir, name) == 0) {
        empty_directory(kept);
        kernel(SYS_chdir, "..");
        kernel(SYS_unlinkat, AT_FDCWD, name, AT_REMOVEDIR);
      }
    }
  } while (size > static_cast<int64_t>(sizeof(buffer)) - entry_size_max);  // else it was all of it
}

struct stat status_of(const char* path) {
  struct stat status {};
  kernel(SYS_newfstatat, AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW);
  return status;
}

// Without size, blocks (fallocate(2) may have kept the size), other names, and with its first owner and mode.
bool is_new(const struct stat& file) {
  return file.st_mode == (S_IFREG | 0644) && file.st_nlink == 1 && file.st_size == 0 && file.st_blocks == 0 && file.st_uid == 0 && file.st_gid == 0;
}

void remove_attributes(const char* path) {
  static char names[65536];  // the longest list there may be
  const int64_t size = kernel(SYS_listxattr, path, names, sizeof(names));
  for (int64_t at = 0; at < size;) {
    kernel(SYS_removexattr, path, names + at);
    while (names[at++] != 0) {}
  }
}

void restore_files(bool attributes) {
  const struct stat root = status_of("/"), file = status_of(console);
  if (attributes) remove_attributes("/");
  const bool file_is_new = !attributes && is_new(file);
  // tmpfs counts 20 bytes for an entry, so that the root's size says how many there are.
  if (root.st_size != 20 || root.st_nlink != 2 || !file_is_new) empty_directory(file_is_new ? file.st_ino : 0);
  if (root.st_mode != (S_IFDIR | 0755)) kernel(SYS_chmod, "/", 0755);
  if (root.st_uid != 0 || root.st_gid != 0) kernel(SYS_chown, "/", 0, 0);
}

}  // namespace

void restore_root(const Traces& traces) {
  if (traces.descriptors > 0) kernel(SYS_close_range, 0, traces.descriptors - 1, 0);
  if (traces.files) {
    kernel(SYS_umask, 022);
    kernel(SYS_chdir, "/");
    restore_files(traces.attributes);
  }
  const int64_t file = kernel(SYS_openat, AT_FDCWD, console, O_RDWR | O_CREAT, 0644);
  kernel(SYS_dup, file);
  kernel(SYS_dup, file);
}

}  // namespace cupel::host
