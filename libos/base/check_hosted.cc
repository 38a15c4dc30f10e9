#include <cstdio>
#include <cstdlib>

#include "libos/base/check.hh"

namespace cupel {

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, expression);
  std::abort();
}

}  // namespace cupel
