#pragma once
#include <cstdint>

// The file system a program starts with: a root directory that holds an empty file `console`, open as descriptors 0, 1
// and 2 (one description). Runs in the child: raw calls, no allocation.
namespace cupel::host {

// What a program may have changed.
struct Traces {
  uint32_t descriptors = ~0u;  // numbers from this one on are free
  bool files = true;           // anything in the file system, the working directory or the umask
  bool attributes = true;      // extended attributes of a file
};

// Undoes it.
void restore_root(const Traces& traces);

}  // namespace cupel::host
