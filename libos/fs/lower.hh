#pragma once
#include "libos/platform/host_tree.hh"

// The lower tree: what a file or directory is before a guest has changed it. Directories ask for a name when it is first
// walked, files for pages when they are first read; what has been asked for once is ours, and changes stay in memory.
namespace cupel::libos {

class FileSystem;

// What stands behind an inode that came from the host's tree.
struct Lower {
  FileSystem* files = nullptr;  // nullptr: nothing does, or no longer
  uint64_t node = 0;
  uint64_t size = 0;            // of a file: bytes that are still the host's where there is no page of ours
};

}  // namespace cupel::libos
