#pragma once
#include <string>
#include <string_view>

namespace cupel::fuzz {

// What a process that failed said on its way out, cut down to what tells one bug from another.
struct Complaint {
  std::string oracle;  // "sanitizer", "invariants", "liveness", "memory", or the oracle that an engine's program names
  std::string kind;    // "heap-use-after-free", "undefined", "CHECK", ... ; empty where nothing told
  std::string place;   // "libos/mm/mapping.cc:112": where in our source, as far as the report says
  std::string line;    // the telling line
  std::string call, expected, got;  // what an oracle said; else empty
};

// Reads reports of ASan, UBSan, LeakSanitizer, TSan, libFuzzer and CHECK, and what the engines' programs print of a finding.
Complaint read_complaint(std::string_view text);

}  // namespace cupel::fuzz
