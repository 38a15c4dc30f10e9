#include "platforms/snp/image/sev_status.hh"

#include "platforms/snp/image/instructions.hh"
#include "platforms/snp/msr_protocol.hh"
#include "platforms/snp/negotiation.hh"

namespace cupel::image {

bool is_snp_guest() {
  constexpr uint32_t extended = 0x8000'0000, encryption = 0x8000'001f;
  if (cpuid(extended).eax < encryption) return false;
  constexpr uint32_t has_sev = 2;
  if ((cpuid(encryption).eax & has_sev) == 0) return false;
  return (read_msr(snp::msr::sev_status_msr) & snp::status::snp) != 0;
}

}  // namespace cupel::image
