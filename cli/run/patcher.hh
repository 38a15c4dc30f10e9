#pragma once
#include <array>

#include "libos/task/task.hh"
#include "platforms/linux/patch/site.hh"

namespace cupel::run {

// Turns call sites that trapped into jumps: the program's text gets the jump, a page near it the rest. Only text: memory of a
// file, private, that the program cannot write. One object for each host process, as its pages are the process's.
class Patcher {
 public:
  // `behind_site`: the address behind the `syscall` instruction; `number`: what rax held. Failing changes nothing that matters:
  // the site traps again. With the machine lock held.
  Result<> patch(libos::Task& task, uint64_t behind_site, uint64_t number);

 private:
  struct Page {
    uint64_t address = 0;  // 0: none
    size_t used = 0;       // trampolines in it
  };
  Result<Page*> page_near(libos::AddressSpace& space, uint64_t site);

  platform::Space space_{};
  bool has_space_ = false;
  std::array<Page, 16> pages_{};
};

}  // namespace cupel::run
