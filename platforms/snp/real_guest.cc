// The guest side with the real instructions: what an image links, and what shows that this source builds without a libc.
#include "platforms/snp/guest.hh"
#include "platforms/snp/real_hardware.hh"

namespace cupel::snp {

template class Guest<RealHardware>;

}  // namespace cupel::snp
