// The guest side with the real instructions: what an image links, and what shows that this source builds without a libc.
#include "platforms/snp/aes_gcm.hh"
#include "platforms/snp/attestation.hh"
#include "platforms/snp/boot.hh"
#include "platforms/snp/clock.hh"
#include "platforms/snp/device_queue.hh"
#include "platforms/snp/doorbell.hh"
#include "platforms/snp/exits.hh"
#include "platforms/snp/processors.hh"
#include "platforms/snp/real_hardware.hh"
#include "platforms/snp/south.hh"
#include "platforms/snp/svsm.hh"
#include "platforms/snp/vc.hh"

namespace cupel::snp {

template class Core<RealHardware>;
template class Negotiation<RealHardware>;
template class Ghcb<RealHardware>;
template class Exits<RealHardware>;
template class PageStates<RealHardware>;
template class Boot<RealHardware>;
template class Clock<RealHardware>;
template class Bounce<RealHardware>;
template class DeviceQueue<RealHardware>;
template class Transport<RealHardware>;
template class South<RealHardware>;
template class Doorbell<RealHardware>;
template class Processors<RealHardware>;
template class Messages<RealHardware, AesGcm>;
template class Attestation<RealHardware, AesGcm>;
template class VcHandler<RealHardware>;
template class svsm::Svsm<RealHardware>;

}  // namespace cupel::snp
