#pragma once
#include "libos/interface/desc.hh"

// A small made-up interface in which each kind of argument, of field and of result occurs: what programs of any
// interface must be able to do, tests and properties try on this one.
namespace cupel::fuzz {

const interface::InterfaceDesc& sample_interface();

}  // namespace cupel::fuzz
