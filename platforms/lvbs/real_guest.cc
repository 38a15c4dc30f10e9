// The secure kernel with the real instructions: what an image links, and what shows that this source builds without a libc.
#include "platforms/lvbs/heki.hh"
#include "platforms/lvbs/real_hardware.hh"
#include "platforms/lvbs/switch.hh"

namespace cupel::lvbs {

// An image that brings no library of cryptography believes no signature.
struct NoCrypto {
  bool trust(ByteSpan) { return false; }
  void forget() {}
  bool verify(ByteSpan, DigestKind, ByteSpan, ByteSpan) { return false; }
  std::array<uint8_t, 32> sha256(ByteSpan) { return {}; }
};

template class Core<RealHardware>;
template class Protector<RealHardware>;
template class Boot<RealHardware>;
template class Switch<RealHardware>;
template class Intercepts<RealHardware>;
template class Patches<RealHardware>;
template class Modules<RealHardware, NoCrypto>;
template class Kexec<RealHardware, NoCrypto>;
template class Heki<RealHardware, NoCrypto>;

}  // namespace cupel::lvbs
