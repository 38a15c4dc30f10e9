// The guest's vector registers. No code of ours uses them, so that in a call they are as the guest left them.
#include <cpuid.h>

#include <cstring>

#include "platforms/linux/linux_platform.hh"

namespace cupel::on_linux {
namespace {

// x87, SSE, AVX and AVX-512: neither protection keys nor tiles, which are too large for a signal's frame.
constexpr uint64_t wanted_features = 0xe7;
constexpr size_t legacy_size = 512, header_size = 64, mxcsr_offset = 24;

uint64_t features() {
  uint32_t low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low | uint64_t{high} << 32) & wanted_features;
}

// How long the image of these features is: where the last of them ends.
size_t image_size(uint64_t of) {
  size_t end = legacy_size + header_size;
  constexpr unsigned leaf = 0xd, first_extended = 2, last_extended = 7;
  for (unsigned feature = first_extended; feature <= last_extended; ++feature) {
    unsigned size = 0, offset = 0, c = 0, d = 0;
    if ((of >> feature & 1) != 0 && __get_cpuid_count(leaf, feature, &size, &offset, &c, &d) != 0 && offset + size > end) end = offset + size;
  }
  return end;
}

}  // namespace

size_t LinuxPlatform::save_vectors(std::span<std::byte, vectors_size_max> out) {
  const uint64_t all = features();
  const size_t size = image_size(all);
  if (size > out.size()) terminate(5);
  std::memset(out.data(), 0, size);  // xsave leaves out what is as at the start
  // SAFETY: 64-byte aligned and long enough for these features.
  asm volatile("xsave64 (%0)" ::"r"(out.data()), "a"(static_cast<uint32_t>(all)), "d"(static_cast<uint32_t>(all >> 32)) : "memory");
  return size;
}

// The image is the guest's word: what xrstor would fault on is taken out of it first.
void LinuxPlatform::restore_vectors(std::span<std::byte, vectors_size_max> image) {
  const uint64_t all = features();
  uint64_t present = 0;
  std::memcpy(&present, image.data() + legacy_size, sizeof(present));
  present &= all;
  std::memset(image.data() + legacy_size, 0, header_size);
  std::memcpy(image.data() + legacy_size, &present, sizeof(present));
  uint32_t mxcsr = 0;
  constexpr uint32_t mxcsr_start = 0x1f80, mxcsr_known = 0xffff;
  std::memcpy(&mxcsr, image.data() + mxcsr_offset, sizeof(mxcsr));
  constexpr uint64_t vector_features = 6;  // SSE, AVX: with either comes mxcsr
  mxcsr = (present & vector_features) != 0 ? mxcsr & mxcsr_known : mxcsr_start;
  std::memcpy(image.data() + mxcsr_offset, &mxcsr, sizeof(mxcsr));
  // SAFETY: 64-byte aligned; the header says only what there is.
  asm volatile("xrstor64 (%0)" ::"r"(image.data()), "a"(static_cast<uint32_t>(all)), "d"(static_cast<uint32_t>(all >> 32)) : "memory");
}

}  // namespace cupel::on_linux
