#pragma once
#include "libos/interface/desc.hh"

namespace cupel::fuzz {

// The calls about signals, and those which signals end, start again and are sent by.
const interface::InterfaceDesc& signal_interface();

}  // namespace cupel::fuzz
