#include "platforms/snp/image/kind.hh"

namespace cupel::image {

#ifdef CUPEL_IMAGE_FOR_TESTING
const bool for_testing = true;
#else
const bool for_testing = false;
#endif

}  // namespace cupel::image
