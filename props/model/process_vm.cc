// process_vm_readv, process_vm_writev.
#include <algorithm>

#include "props/model/rules.hh"
#include "props/model/streams.hh"

namespace cupel::props {
namespace {

constexpr uint64_t pieces_max = 1024;

// The other side's pieces: their sizes are looked at, their addresses not yet.
Result<std::vector<Piece>> other_pieces(const Call& call) {
  const auto count = call.arg<uint64_t>(4);
  if (count > pieces_max) return fail(Errno::inval);
  std::vector<Piece> pieces(count);
  const size_t there = call.load(call.address(3), std::as_writable_bytes(std::span(pieces))) / sizeof(Piece);
  for (size_t index = 0; index < there; ++index) {
    if (pieces[index].size > INT64_MAX) return fail(Errno::inval);
  }
  return there < count ? fail(Errno::fault) : Result<std::vector<Piece>>(std::move(pieces));
}

bool meet(const Piece& one, const Piece& other) { return one.address < other.address + other.size && other.address < one.address + one.size; }

// Whether some of it may lie at another address as well.
bool is_shared(const Call& call, Pieces pieces) {
  return std::ranges::any_of(call.space().regions, [&](const Region& region) {
    return region.shared && std::ranges::any_of(pieces, [&](const Piece& piece) { return meet(piece, {region.begin, region.end - region.begin}); });
  });
}

enum class Way : uint8_t { in, out };

void writes(Allowed& allowed, Pieces pieces, std::span<const std::byte> bytes, bool known) {
  size_t done = 0;
  for (const Piece& piece : pieces) {
    const size_t step = std::min<uint64_t>(piece.size, bytes.size() - done);
    if (known) allowed.writes(piece.address, bytes.subspan(done, step));
    else allowed.writes_anything(piece.address, step);
    done += step;
  }
}

Result<> transfer(const Call& call, Allowed& allowed, Way way) {
  if (call.arg<uint64_t>(5) != 0) return fail(Errno::inval);
  const Pieces own = TRY(call.vector(1));
  const std::vector<Piece> local(own.begin(), own.end());
  if (total_size(local) == 0) return allowed.returns(0);
  const std::vector<Piece> remote = TRY(other_pieces(call));
  const bool is_nothing = std::ranges::all_of(remote, [](const Piece& piece) { return piece.size == 0; });
  if (is_nothing) return allowed.returns(0);
  const auto pid = call.arg<int32_t>(0);
  const TaskId id = pid <= 0 ? TaskId::none : call.world.task_of(pid);
  if (id == TaskId::none || !call.world.tasks[id].alive) return fail(Errno::srch);

  uint64_t wanted = 0;
  for (const Piece& piece : remote) wanted = piece.size > INT64_MAX - wanted ? INT64_MAX : wanted + piece.size;
  wanted = std::min(wanted, total_size(local));
  const auto reach = [&](Pieces pieces, bool reads) { return reads ? call.readable(pieces, wanted) : call.writable(pieces, wanted); };
  const uint64_t near = reach(local, way == Way::out);
  const bool same = call.world.tasks[id].space == call.task.space;
  if (!same) {
    // What another process has mapped shows in its own calls.
    allowed.may_fail(Errno::fault);
    if (near == 0) return {};
    allowed.transfers(1, static_cast<int64_t>(near));
    if (way == Way::in) writes(allowed, local, std::vector<std::byte>(near), false);
    else for (const Piece& piece : remote) allowed.writes_elsewhere(call.world.tasks[id].space, piece.address, std::min(piece.size, near));
    return {};
  }
  const uint64_t moved = std::min<uint64_t>(near, reach(remote, way == Way::in));
  if (moved < wanted) allowed.may_fail(Errno::fault);
  if (moved == 0) return {};
  const bool overlap = std::ranges::any_of(local, [&](const Piece& one) { return std::ranges::any_of(remote, [&](const Piece& other) { return meet(one, other); }); });
  const std::vector<Piece>& from = way == Way::in ? remote : local;
  allowed.transfers(moved < wanted ? 1 : static_cast<int64_t>(moved), static_cast<int64_t>(moved));
  writes(allowed, way == Way::in ? local : remote, call.load(from, moved), !overlap && !(is_shared(call, local) && is_shared(call, remote)));
  return {};
}

}  // namespace

namespace rules {

Result<> process_vm_readv(const Call& call, Allowed& allowed) { return transfer(call, allowed, Way::in); }
Result<> process_vm_writev(const Call& call, Allowed& allowed) { return transfer(call, allowed, Way::out); }

}  // namespace rules
}  // namespace cupel::props
