#pragma once
#include <cstdint>

// Which guest frames the mock's guests use for what. The last 64 frames are apart from the memory that changes hands.
namespace cupel::mock_snp::frames {

inline constexpr uint32_t special = 1984;
inline constexpr uint32_t ghcb = special, ghcb_of_ap = special + 1, doorbell = special + 2, request = special + 3, response = special + 4, certificates = special + 5;
inline constexpr uint32_t certificate_pages = 2;
inline constexpr uint32_t secrets = special + 8, cpuid = special + 9, boot = special + 10, calling_area = special + 11, call_list = special + 12;
inline constexpr uint32_t bounce = special + 16, bounce_pages = 8;
inline constexpr uint32_t queue = special + 24;
inline constexpr uint32_t vmsa = special + 32, vmsa_pages = 16;

// Ordinary memory that the guest of snp_io makes its pool of bounce buffers.
inline constexpr uint32_t pool = 700, pool_pages = 2;

}  // namespace cupel::mock_snp::frames
