#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "platforms/lvbs/patches.hh"
#include "platforms/mock/hyperv/frames.hh"

// The guest kernel that the targets begin with: its text, data and lists of ranges in memory, with modules that are signed and
// linked, and a kernel to start next. All of it is made here, from nothing.
namespace cupel::fuzz::lvbs {

namespace frames = mock_hyperv::frames;

inline constexpr uint64_t module_text = 0, module_rodata = 2, module_data = 3, module_ro_after_init = 4, module_init_text = 5, module_init_data = 6, module_file = 8, module_patches = 12;
inline constexpr uint64_t module_used = 7;  // frames that hold parts, from the module's first on
inline constexpr uint64_t list_protect = 0, list_data = 1, list_module = 2, list_kexec = 6, list_rest = 7;
inline constexpr uint64_t kernel_va = 0xffff'ffff'8000'0000, module_va = 0xffff'ffff'c000'0000;

constexpr uint64_t module_frame(uint64_t module, uint64_t part) { return frames::modules + module * frames::module_pitch + part; }
constexpr uint64_t list_of_module(uint64_t module) { return (frames::lists + list_module + module) << 12; }

struct PatchSite {
  cupel::lvbs::PatchWrite write;
  int module = -1;  // whose text it is in; the kernel's
  bool init = false;
};

struct Fixtures {
  std::vector<uint64_t> memory;        // of the whole machine
  std::vector<PatchSite> sites;
  std::vector<uint64_t> file_sizes;    // of the modules
  // Files that are signed as the first module's is, each with something wrong in it.
  std::vector<std::vector<uint8_t>> odd_files;
  uint64_t ranges_protect = 0, ranges_data = 0, ranges_module = 0, ranges_kexec = 0;
  // Whether frame `gfn` may be executed with what `page` holds; places that may be patched apart, where `patched`.
  bool is_signed_text(uint64_t gfn, const uint64_t* page, bool patched) const;
  // Whether the next kernel's frame holds its bytes.
  bool is_next_kernel(uint64_t gfn, const uint64_t* page) const;
};

const Fixtures& fixtures();

// The signature over `data`, and behind both what says so.
std::vector<uint8_t> sign(const std::vector<uint8_t>& data);

}  // namespace cupel::fuzz::lvbs
