#pragma once
#include <cstdint>
#include <map>
#include <string_view>

#include "libos/interface/desc.hh"

namespace cupel::cli {

// What the harness does with one call, asked of its parts.
struct HarnessFacts {
  std::string_view model;         // the rule that judges it; empty where there is none
  uint64_t generated = 0;         // how often it stands in `generated_programs` programs of the generator, seeds from 0
  std::string_view differential;  // what of it is compared with the real kernel; empty where nothing is
};

inline constexpr uint32_t generated_programs = 2000;

// By call number.
std::map<uint16_t, HarnessFacts> harness_facts(const interface::InterfaceDesc& interface);

}  // namespace cupel::cli
