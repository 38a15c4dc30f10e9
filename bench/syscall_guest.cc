// What `cupel bench syscall` runs, natively and under cupel run: calls in a loop, and the nanoseconds one takes.
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace {

double now() {
  timespec at{};
  clock_gettime(CLOCK_MONOTONIC, &at);
  return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

template <class Call>
double nanoseconds_of(Call call) {
  constexpr double wanted = 5e7;  // how long one measurement is to take
  for (long count = 1000;; count *= 4) {
    const double start = now();
    for (long index = 0; index < count; ++index) call();
    const double took = now() - start;
    if (took >= wanted) return took / static_cast<double>(count);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::strcmp(arguments[1], "getppid") == 0) {
    std::printf("%.2f\n", nanoseconds_of([] { getppid(); }));
    return 0;
  }
  if (count == 3 && std::strcmp(arguments[1], "pread") == 0) {
    static char page[4096];
    const int file = open(arguments[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || write(file, page, sizeof(page)) != sizeof(page) || unlink(arguments[2]) != 0) return 1;
    std::printf("%.2f\n", nanoseconds_of([file] { static_cast<void>(pread(file, page, sizeof(page), 0) == sizeof(page)); }));
    return 0;
  }
  std::fprintf(stderr, "getppid, or pread and a file's name\n");
  return 2;
}
