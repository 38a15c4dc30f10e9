#pragma once
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cupel::host {

// Whether this machine lets us make user namespaces at all. Asked of the kernel directly, so that a fault of our own
// sandbox fails the tests and never skips them. (Not so in a chroot and in many containers.)
inline bool namespaces_can_be_made() {
  static const bool can = [] {
    const pid_t child = fork();
    if (child == 0) _exit(unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }();
  return can;
}

}  // namespace cupel::host

#define SKIP_WITHOUT_NAMESPACES() \
  if (!::cupel::host::namespaces_can_be_made()) GTEST_SKIP() << "this machine refuses user namespaces, which the sandbox is made of"
