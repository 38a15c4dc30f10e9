#pragma once
#include "cli/run/options.hh"

namespace cupel::run {

// What keeps a guest from libos on this processor, as a sentence.
const char* isolation_here();
// Prints the policy in force.
int explain(const Options& options);

}  // namespace cupel::run
