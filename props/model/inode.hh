#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "props/model/file_bytes.hh"
#include "props/model/moment.hh"

namespace cupel::props {

enum class InodeId : uint32_t { none = UINT32_MAX };

// A value that is the implementation's to choose, and must then stay what it was.
struct Learned {
  bool known = false;
  uint64_t value = 0;

  void learn(uint64_t seen) { known = true, value = seen; }
  void forget() { known = false; }
};

// A time stamp: what utimensat(2) set or stat(2) has shown, until something touches it; then, when that was.
struct Stamp {
  bool known = false;
  uint64_t seconds = 0;
  uint64_t nanoseconds = 0;
  Span within{};  // where it is not known
};
struct Timespec {
  int64_t seconds;
  int64_t nanoseconds;
};
enum Times : uint8_t { access_time = 1, modify_time = 2, change_time = 4 };

enum class FileType : uint8_t { regular, directory, symlink, pipe, anonymous };

struct DirectoryEntry {
  std::string name;
  InodeId inode;
  uint32_t serial;  // counts all entries ever made: tells one from a later one of the same name
};

struct Inode {
  FileType type = FileType::regular;
  uint32_t mode = 0;          // permission bits
  uint32_t mode_unsure = 0;   // of these, the bits which may have been cleared by now
  uint32_t user = 0;
  uint32_t group = 0;
  uint32_t link_count = 1;
  int64_t size = 0;           // regular files
  bool bytes_unsure = false;  // something unpredictable was stored in it
  FileBytes bytes;
  std::string target;         // symbolic links
  std::vector<DirectoryEntry> entries;
  InodeId parent = InodeId::none;  // directories; the root is its own
  bool removed = false;            // a directory that rmdir(2) or rename(2) took away
  bool linkable = false;           // O_TMPFILE without O_EXCL: may be given a name
  Learned number;
  std::map<std::string, std::vector<std::byte>, std::less<>> attributes;  // extended ones
  Stamp times[3];             // access, modify, change
  uint32_t modifications = 0; // how often its bytes may have become others

  void clear();
  const DirectoryEntry* find(std::string_view name) const;
  // Modification and change have happened at that moment; an access may have: who is asked to keep count of them need not.
  void touch(uint8_t which, const Moment& moment);
};

}  // namespace cupel::props
