#pragma once

namespace cupel::image {

// Which of the two images this is; all else in them is the same. Only the one for testing runs on a plain machine, where a host
// sees and changes all memory, and takes what it finds for chance where the processor has none.
extern const bool for_testing;

}  // namespace cupel::image
