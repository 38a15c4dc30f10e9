#pragma once
#include "shims/linux/abi.hh"

namespace cupel::linux_shim {

// Two of struct timeval.
struct TimevalPair {
  int64_t access_seconds, access_microseconds, change_seconds, change_microseconds;
};
// struct utimbuf.
struct SecondsPair {
  int64_t access, change;
};

// A file's times of access and change, set in nanoseconds, microseconds or seconds.
Result<Done> utimensat(Task& task, DirFd from, UserPath path, OptionalIn<TimePair> times, Flags<OwnerAtFlag, Unknown::late> flags);
Result<Done> futimesat(Task& task, DirFd from, UserPath path, OptionalIn<TimevalPair> times);
Result<Done> utimes(Task& task, UserPath path, OptionalIn<TimevalPair> times);
Result<Done> utime(Task& task, UserPath path, OptionalIn<SecondsPair> times);

}  // namespace cupel::linux_shim
