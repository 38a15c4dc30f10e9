#pragma once
#include <optional>

#include "props/model/call.hh"

// What read(2), write(2) and their kin do with each kind of open file, once the arguments are known to be good.
// `position`: of pread(2) and pwrite(2); otherwise the file's own offset is used, and moved.
namespace cupel::props {

using Pieces = std::span<const Piece>;
using Position = std::optional<int64_t>;

uint64_t total_size(Pieces pieces);

Result<> read_regular(const Call& call, Allowed& allowed, FileId file, Pieces pieces, Position position);
Result<> write_regular(const Call& call, Allowed& allowed, FileId file, Pieces pieces, Position position);
Result<> read_pipe(const Call& call, Allowed& allowed, FileId file, Pieces pieces);
Result<> write_pipe(const Call& call, Allowed& allowed, FileId file, Pieces pieces);
Result<> read_counter(const Call& call, Allowed& allowed, FileId file, Pieces pieces);
Result<> read_timer(const Call& call, Allowed& allowed, FileId file, Pieces pieces);
Result<> write_counter(const Call& call, Allowed& allowed, FileId file, Pieces pieces);

// What is ready, as poll(2) tells it: bits that must be there, and bits that may.
struct Readiness {
  uint32_t certain = 0;
  uint32_t possible = 0;
};
Readiness timer_readiness(const World& world, const Timer& timer);
Readiness readiness_of(const World& world, const OpenFile& file);

}  // namespace cupel::props
