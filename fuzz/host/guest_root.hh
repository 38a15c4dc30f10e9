#pragma once

// The file system a program starts with: a root directory that holds an empty file `console`, open as descriptors 0, 1
// and 2 (one description). Runs in the child: raw calls, no allocation.
namespace cupel::host {

// Brings root, descriptors, working directory and umask back to that, whatever a program did.
void restore_root();

}  // namespace cupel::host
