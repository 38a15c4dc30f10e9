#include "platforms/snp/image/console_streams.hh"

#include "platforms/snp/image/serial.hh"

namespace cupel::image {

Result<size_t> ConsoleStreams::write(uint32_t, std::span<const std::byte> bytes) {
  serial::write(bytes);
  return bytes.size();
}

}  // namespace cupel::image
