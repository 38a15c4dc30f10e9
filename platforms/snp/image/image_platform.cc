#include "platforms/snp/image/image_platform.hh"

#include "platforms/snp/image/machine_end.hh"
#include "platforms/snp/image/serial.hh"

namespace cupel::image {

void ImagePlatform::set_up(uint64_t pool_start, uint64_t pool_size) {
  pool_.give(pool_start, pool_size);
  clock_.set_up();
}

// There is no clock that says the date: realtime starts at 1970.
platform::Nanoseconds ImagePlatform::now(platform::ClockBase) { return clock_.now(); }

void ImagePlatform::random(std::span<std::byte> out) { random_bytes(out); }

void ImagePlatform::console(std::span<const std::byte> bytes) { serial::write(bytes); }

void ImagePlatform::terminate(uint32_t) { end_by_reason(snp::Reason::general, "libos gave up"); }

}  // namespace cupel::image
