#include "platforms/mock/call_watch.hh"

#include <algorithm>

namespace cupel::mock {
namespace {

// Neighbouring accesses count as one: a string may arrive in pieces.
void note(std::vector<GuestAccess>& list, const GuestAccess& access, size_t count_max, bool& overflowed) {
  if (!list.empty() && list.back().space == access.space && list.back().address + list.back().size == access.address) {
    list.back().size += access.size;
  } else if (list.size() < count_max) {
    list.push_back(access);
  } else {
    overflowed = true;
  }
}

bool covers(const GuestAccess& access, uint64_t address) { return address - access.address < access.size; }

}  // namespace

void CallWatch::begin(const CallPlan& plan) {
  reads_.clear(), writes_.clear(), rereads_.clear(), tampered_.clear();
  plan_ = plan;
  for (const Tampering& what : plan.tampering) tampered_.push_back({.what = what});
  copies_ = waits_ = 0;
  overflowed_ = copy_failed_ = wait_interrupted_ = false;
}

void CallWatch::end(SimulatedMemory& memory) {
  // Last store first: two may have met in one byte.
  for (auto tampered = tampered_.rbegin(); tampered != tampered_.rend(); ++tampered) {
    if (!tampered->done) continue;
    const auto over = [&](const GuestAccess& write) { return write.space == tampered->space && covers(write, tampered->what.address); };
    if (!std::ranges::any_of(writes_, over)) memory.poke(tampered->space, tampered->what.address, {&tampered->original, 1});
  }
}

size_t CallWatch::admit_copy(size_t size) {
  if (size == 0 || ++copies_ != plan_.fail_copy) return size;
  copy_failed_ = true;
  return size / 2;
}

bool CallWatch::interrupts_wait() {
  if (++waits_ != plan_.interrupt_wait) return false;
  wait_interrupted_ = true;
  return true;
}

void CallWatch::on_read(SimulatedMemory& memory, const GuestAccess& access) {
  if (access.size == 0) return;
  for (const GuestAccess& before : reads_) {
    if (before.space != access.space) continue;
    const uint64_t from = std::max(before.address, access.address);
    const uint64_t to = std::min(before.address + before.size, access.address + access.size);
    if (from < to) note(rereads_, {access.space, from, to - from}, accesses_max, overflowed_);
  }
  note(reads_, access, accesses_max, overflowed_);
  for (Tampered& tampered : tampered_) {
    if (tampered.done || !covers(access, tampered.what.address)) continue;
    tampered.space = access.space;
    tampered.done = memory.peek(access.space, tampered.what.address, {&tampered.original, 1}) &&
                    memory.poke(access.space, tampered.what.address, {&tampered.what.value, 1});
  }
}

void CallWatch::on_write(const GuestAccess& access) {
  if (access.size > 0) note(writes_, access, accesses_max, overflowed_);
}

}  // namespace cupel::mock
