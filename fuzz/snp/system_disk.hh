#pragma once
#include <cstdint>
#include <span>

namespace cupel::fuzz::snp {

// The disk of an honest host: a tar archive of /bin/one and /etc/two.
std::span<const uint8_t> system_disk();

}  // namespace cupel::fuzz::snp
