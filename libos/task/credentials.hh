#pragma once
#include <cstdint>

namespace cupel::libos {

// credentials(7): real, effective and saved ids.
struct Credentials {
  uint32_t uid = 0, euid = 0, suid = 0;
  uint32_t gid = 0, egid = 0, sgid = 0;
  uint32_t groups_count = 0;  // further groups, each of them 0
};

}  // namespace cupel::libos
