#pragma once
#include "libos/fs/file_system.hh"

namespace cupel::libos {

// What tasks with CLONE_FS share: root, working directory, umask.
class FsContext : public Counted {
 public:
  static Result<Ref<FsContext>> create(Arena& arena, FileSystem& files) {
    Ref<FsContext> made = TRY(make_counted<FsContext>(arena));
    made->root = files.root();
    made->working = files.root();
    return made;
  }
  Result<Ref<FsContext>> clone() const {
    Ref<FsContext> copy = TRY(make_counted<FsContext>(arena()));
    copy->root = root, copy->working = working, copy->umask = umask;
    return copy;
  }

  Ref<Directory> root, working;
  uint32_t umask = 022;
};

}  // namespace cupel::libos
