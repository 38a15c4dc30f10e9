// A 2M page that cannot be taken at once: each of its 512 parts is validated, and none twice. The shipped code runs over the mock's
// processor, whose own oracles object to a second time; the claim looks at what is validated in the end.
#include <algorithm>

#include "platforms/mock/snp/hardware.hh"
#include "platforms/snp/page_states.hh"
#include "props/proofs/proof.hh"

namespace cupel::proofs {
namespace {

using lift::Bool;
using mock_snp::Act, mock_snp::ActKind, mock_snp::Hardware, mock_snp::When;

constexpr uint32_t first = 512, count = mock_snp::large_pages;  // mapped by one entry of 2M

class Machine {
 public:
  explicit Machine(std::span<const Act> acts) {
    hypervisor_.begin({});
    hardware.begin();
    hardware.map_shared(mock_snp::frames::ghcb);
    ghcb_.clear_page();
    hypervisor_.follow(acts);
  }

 private:
  mock_snp::System system_;
  mock_snp::Hypervisor hypervisor_{system_};
  mock_snp::SecureProcessor secure_processor_;

 public:
  Hardware hardware{system_, hypervisor_, secure_processor_};

 private:
  std::vector<snp::Frame> states_ = std::vector<snp::Frame>(mock_snp::guest_frames);
  snp::Core<Hardware> core_{hardware, uint64_t{mock_snp::frames::ghcb} << 12};
  snp::Ghcb<Hardware> ghcb_{core_};

 public:
  snp::PageStates<Hardware> pages{ghcb_, snp::Shadow(0, states_)};
};

using Accept = void (*)(Machine& machine);

bool all_validated_once(Accept accept, std::span<const Act> acts) {
  Machine machine(acts);
  try {
    accept(machine);
    machine.hardware.end_operation();
  } catch (const mock_snp::GuestStopped&) {
    return false;  // an oracle's word, or the guest gave up although nobody lied to it
  }
  for (uint32_t frame = first - 2; frame < first + count + 2; ++frame) {
    const bool inside = frame >= first && frame < first + count;
    if (machine.hardware.validated_by_guest(frame) != inside) return false;
    if (inside && machine.pages.shadow().state(frame) != snp::PageState::private_valid) return false;
  }
  return true;
}

// Whole; and by its parts, where the page behind the frame begins at no boundary of 2M, so that the hypervisor assigns small ones.
Bool each_part_of_a_large_page_is_validated_once(Accept accept) {
  static constexpr Act no_large_page[] = {{When::before_exit, 0, ActKind::remap, first, 3000}};
  return all_validated_once(accept, {}) && all_validated_once(accept, no_large_page);
}

void shipped(Machine& machine) { machine.pages.accept(first, count); }
// Twins of the loop over the parts, over the same instructions.
void validate_parts(Machine& machine, uint32_t from, uint32_t to, uint32_t twice) {
  machine.pages.accept(first, 1);
  for (uint32_t frame = from; frame < to; ++frame) machine.pages.accept(frame, 1);
  if (twice != 0) static_cast<void>(machine.hardware.pvalidate(twice, snp::PageSize::small, true));
}
void forgets_the_last(Machine& machine) { validate_parts(machine, first + 1, first + count - 1, 0); }
void goes_one_too_far(Machine& machine) { validate_parts(machine, first + 1, first + count + 1, 0); }
void takes_one_again(Machine& machine) { validate_parts(machine, first + 1, first + count, first + 7); }

const Registration registered{
    proof("snp", "each_part_of_a_large_page_is_validated_once", each_part_of_a_large_page_is_validated_once, shipped,
          {{"forgets_the_last", forgets_the_last}, {"goes_one_too_far", goes_one_too_far}, {"takes_one_again", takes_one_again}}),
};

}  // namespace
}  // namespace cupel::proofs
