#pragma once
#include <cstdint>

#include "platforms/lvbs/core.hh"

// Where things lie in the mock's machine, in frames.
namespace cupel::mock_hyperv::frames {

inline constexpr uint64_t count = 512;
inline constexpr uint64_t text = 0x10, text_count = 4, rodata = 0x14, rodata_count = 2, kernel_data = 0x18;
inline constexpr uint64_t lists = 0x20, lists_count = 8;  // pages of ranges
inline constexpr uint64_t scratch = 0x28, scratch_count = 8;
inline constexpr uint64_t blobs = 0x30, blobs_count = 16;  // certificates, symbols, patch records
inline constexpr uint64_t modules = 0x40, module_pitch = 0x20, modules_count = 4;
inline constexpr uint64_t kexec = 0xc0, kexec_count = 0x20;
inline constexpr uint64_t vtl1 = 0x100, vtl1_end = 0x140;
inline constexpr uint64_t free_memory = 0x140;
inline constexpr uint64_t processors = 4;

inline constexpr lvbs::Layout layout{.first = vtl1, .end = vtl1_end, .ram_end = count, .processors = processors, .code_page = vtl1 + 1, .input_page = vtl1 + 2,
                                     .output_page = vtl1 + 3, .assist_page = vtl1 + 4, .message_page = vtl1 + 8};

}  // namespace cupel::mock_hyperv::frames
