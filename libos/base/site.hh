#pragma once
#include <cstdint>

namespace cupel {

// One place in the source where a value is loaded which a host controls. Each stands in a section of the program, put
// there by the compiler: the list of sites is what was built, and nobody keeps it by hand.
struct Site {
  const char* name;
  const char* guard;  // what the value must pass before it is used
  const char* proof;  // the proof which speaks about that check; empty where there is none
  const char* file;
  uint64_t line;
};

}  // namespace cupel

// The site at this place: SITE("name", "guard") or SITE("name", "guard", "proof").
#define SITE(name_, guard_, ...)                                                                                                   \
  ([]() -> const ::cupel::Site* {                                                                                                  \
    [[gnu::section("cupel_sites"), gnu::used]] static constinit const ::cupel::Site site{name_, guard_, "" __VA_ARGS__, __FILE__, __LINE__}; \
    return &site;                                                                                                                  \
  }())
