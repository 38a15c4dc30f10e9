#pragma once
#include "libos/machine/machine.hh"
#include "platforms/snp/image/image_platform.hh"

namespace cupel::image {

// Whose calls and faults enter_kernel serves, from now on.
void serve(libos::Machine& machine, ImagePlatform& platform);

}  // namespace cupel::image
