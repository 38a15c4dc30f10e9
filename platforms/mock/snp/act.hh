#pragma once
#include <cstddef>
#include <cstdint>

namespace cupel::mock_snp {

// What a script's act does. Operands a and b are its numbers. "Hypervisor" acts change what it owns; nothing here can do
// what the processor forbids.
enum class ActKind : uint8_t {
  answer,           // the MSR holds a, whatever was asked
  flip,             // bit a of the MSR's answer
  info_1,           // EXITINFO1 = a
  info_2,           // EXITINFO2 = a
  current,          // the returned header's next entry = a
  end,              // its last entry = a
  header_reserved,  // its reserved word = a
  entry,            // entry a of the buffer = b
  partial,          // only a entries are handled at this exit
  ignore,           // the request is not handled at all
  remap,            // frame a is system page b from now on
  assign,           // RMPUPDATE: system page b is assigned for frame a
  unassign,         // RMPUPDATE: system page a is the hypervisor's
  smash,            // PSMASH of system page a
  drop,             // frame a is not present
  mark_mmio,        // frame a has the reserved bit set
  resume,           // the guest runs on although it has ended, a more times
  stall,            // from now on no page state entry and no guest request is handled any more
  poke,             // the shared 64-bit word at guest address a = b
  invalid,          // valid bit a of the GHCB is cleared
  reg,              // register a (RAX, RBX, RCX, RDX) of the GHCB = b
  write_page,       // the first word of system page a = b, if it is the hypervisor's
  post,             // a into the doorbell page's pending event, without a signal
  signal,           // a into the pending event, and #HV
  trap,             // #VC with error code a at this very instruction
  start,            // the processor whose VMSA is frame a runs
  no_entropy,       // RDSEED has nothing, a times
  time,             // the next timestamp is a
  refuse,           // the secure processor's answer is error a, and it has not processed the request
  replay,           // the response page holds response a once more
  damage,           // bit a of the response page
  serve,            // the device does what was posted, a requests at most, with bytes made from b
  lose_store,       // the last store to private memory is undone (INVD on a dirty line)
  skip,             // the other privilege level is not run
  splice,           // 16 bits of the MSR's answer, from bit a on, = b
  read_only,        // frame a may be read and not written
};
inline constexpr size_t act_kinds = static_cast<size_t>(ActKind::read_only) + 1;

// When: at the n-th exit, before or after it is handled; before the n-th load of shared memory; before the n-th PVALIDATE or
// RMPADJUST; before the n-th instruction that the mock sees.
enum class When : uint8_t { before_exit, after_exit, before_load, before_pvalidate, before_step };
inline constexpr size_t when_kinds = 5;

struct Act {
  When when = When::after_exit;
  uint16_t nth = 0;  // counted from 0
  ActKind kind = ActKind::ignore;
  uint64_t a = 0, b = 0;
  friend bool operator==(const Act&, const Act&) = default;
};

}  // namespace cupel::mock_snp
