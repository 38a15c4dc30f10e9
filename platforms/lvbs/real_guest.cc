// The secure kernel with the real instructions: what an image links, and what shows that this source builds without a libc.
#include "platforms/lvbs/boot.hh"
#include "platforms/lvbs/real_hardware.hh"
#include "platforms/lvbs/switch.hh"

namespace cupel::lvbs {

template class Core<RealHardware>;
template class Protector<RealHardware>;
template class Boot<RealHardware>;
template class Switch<RealHardware>;

}  // namespace cupel::lvbs
