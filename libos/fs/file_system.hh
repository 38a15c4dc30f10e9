#pragma once
#include <string_view>

#include "libos/fs/directory.hh"
#include "libos/machine/config.hh"
#include "libos/platform/platform.hh"
#include "libos/task/credentials.hh"

namespace cupel::libos {

// Whether a symlink at the end of a path is followed. With `no` one is if a slash comes behind it; with `never` the last
// component stays as it is, and what looking it up says is left in Place: for calls that make, move and remove names. With
// `create` that holds for a component with a slash behind it, others are followed.
enum class Follow : uint8_t { no, yes, never, create };

inline constexpr size_t name_size_max = 255;    // NAME_MAX, without the NUL
inline constexpr size_t path_size_max = 4096;   // PATH_MAX, with it
inline constexpr unsigned symlinks_max = 40;    // in one walk; beyond: ELOOP

// Where a path leads. The last component need not exist.
struct Place {
  enum class Last : uint8_t { name, dot, dot_dot, root };
  Ref<Directory> parent;    // of the last component; the directory itself for dot and dot_dot and root
  std::string_view name;    // the last component; lives in the path or in `holder`
  Last last = Last::name;
  bool trailing_slash = false;
  Ref<Inode> inode;         // nullptr: no such name in `parent`
  Ref<Inode> holder;        // the symlink whose text `name` is part of
  Result<> lookup{};        // of the last component, with Follow::never: ENAMETOOLONG, or ENOENT in a directory that is gone
};

// Who walks, from where.
struct Walker {
  Ref<Directory> root, start;
  const Credentials* who;
  bool confined = false;       // EXDEV where the path would leave what is below `root`: RESOLVE_BENEATH
  bool follows_links = true;   // ELOOP where not: RESOLVE_NO_SYMLINKS
};

enum class RenameFlag : uint32_t { no_replace = 1, exchange = 2, whiteout = 4 };

// The in-memory file system. Operations have their errors in the order in which Linux looks for them; each makes what it
// needs before it changes anything.
class FileSystem {
 public:
  static Result<FileSystem*> create(Arena& arena, platform::Platform& platform, const Config& config);
  void destroy();

  const Ref<Directory>& root() const { return root_; }
  // The host's tree, where the platform lends one: what the root holds until it is changed. EIO, ENOMEM.
  Result<> mount_lower();
  platform::HostTree* tree() const { return platform_.tree(); }
  const Config& config() const { return config_; }
  Arena& arena() const { return arena_; }

  // path_resolution(7). ENOENT where anything but the last component is missing, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG.
  Result<Place> walk(const Walker& walker, std::string_view path, Follow follow) const;
  // The same, and the last component must exist.
  Result<Ref<Inode>> find(const Walker& walker, std::string_view path, Follow follow) const;

  // A new regular file at a place that has none. The umask has been applied to `mode`.
  Result<Ref<Inode>> create_file(const Place& place, const Credentials& who, uint32_t mode);
  // A regular file without a name: O_TMPFILE.
  Result<Ref<Inode>> create_nameless(const Directory& parent, const Credentials& who, uint32_t mode);
  // Whether a new name may be made there: EEXIST, ENOENT, EACCES.
  Result<> may_add(const Place& place, const Credentials& who, bool directory) const;
  Result<> make_directory(const Place& place, const Credentials& who, uint32_t mode);
  Result<> make_symlink(const Place& place, const Credentials& who, std::string_view target);
  Result<> link(const Place& place, const Credentials& who, const Ref<Inode>& inode);
  Result<> unlink(const Place& place, const Credentials& who);
  Result<> remove_directory(const Place& place, const Credentials& who);
  Result<> rename(const Place& from, const Place& to, const Credentials& who, uint32_t flags);

  uint64_t take_inode_number() { return next_inode_++; }
  Timespec now() const;
  void check() const;

 private:
  friend class cupel::Arena;
  FileSystem(Arena& arena, platform::Platform& platform, const Config& config) : arena_(arena), platform_(platform), config_(config) {}
  ~FileSystem() = default;

  Result<> may_remove(Directory& parent, Inode& victim, const Credentials& who) const;
  uint32_t group_for(const Directory& parent, const Credentials& who) const;
  void touch(Inode& inode) { inode.modified = inode.changed = now(); }
  void remove_entry(Directory& parent, Entry& entry);

  Arena& arena_;
  platform::Platform& platform_;
  const Config& config_;
  Ref<Directory> root_;
  uint64_t next_inode_ = 1;
};

}  // namespace cupel::libos
