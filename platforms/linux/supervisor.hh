#pragma once
#include <sys/types.h>

#include "platforms/linux/linux_platform.hh"
#include "platforms/linux/tree_server.hh"

namespace cupel::on_linux {

// The host process that started the machine and outlives it: it opens files for it, watches its streams, and ends all its
// processes as soon as the first task has ended, or one of them died of something that libos did not decide.
class Supervisor {
 public:
  Supervisor(LinuxPlatform& platform, TreeServer files) : platform_(platform), files_(std::move(files)) {}

  // What a shell would call the first task's end: its exit code, or 128 and the signal's number; 125: the machine failed.
  int run(pid_t first);

 private:
  bool reap();
  void watch_streams();
  void watch_clock();
  void watch_signals();

  LinuxPlatform& platform_;
  TreeServer files_;
};

}  // namespace cupel::on_linux
