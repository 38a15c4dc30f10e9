// sendfile, copy_file_range: bytes from file to file.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>

#include "props/model/lifecycle.hh"
#include "props/model/rules.hh"
#include "props/model/streams.hh"

namespace cupel::props {
namespace {

constexpr uint64_t transfer_max = 0x7fff'f000;  // bytes one call moves at most

bool has_position(const OpenFile& file) { return file.has_position(); }
FileType type_of(const Call& call, FileId id) { return call.at(call.at(id).inode).type; }

// Where the bytes come from and how many there may be; where they are to go in a regular file.
struct Stretch {
  FileId in, out;
  uint64_t from, to;
  uint64_t size;
};

void write_stretch(World& world, const Stretch& stretch, uint64_t size) {
  Inode& source = world.inodes[world.files[stretch.in].inode];
  Inode& target = world.inodes[world.files[stretch.out].inode];
  source.touch(access_time, world.moment);
  if (size == 0) return;
  if (&source == &target) {
    // In what steps it is copied decides what is found of what was written before.
    target.bytes_unsure = true;
  } else {
    std::vector<std::byte> bytes(size);
    source.bytes.read(stretch.from, bytes);
    target.bytes.write(stretch.to, bytes);
    target.bytes_unsure |= source.bytes_unsure;
  }
  target.size = std::max(target.size, static_cast<int64_t>(stretch.to + size));
  target.touch(modify_time | change_time, world.moment);
  target.mode_unsure |= S_ISUID | S_ISGID;
}

// A position that the call reads and tells, in guest memory; no address for the file's own.
struct Told {
  uint64_t address = 0;
  FileId file = FileId::none;
  uint64_t before = 0;

  bool can_be_told(const Call& call) const { return address == 0 || call.writable(address, sizeof(uint64_t)) == sizeof(uint64_t); }
};

void tell(Allowed& allowed, const Told& told, uint64_t moved) {
  if (told.address != 0) allowed.writes_number(told.address, told.before + moved);
}
void advance(World& world, const Told& told, uint64_t moved) {
  if (told.address == 0) world.files[told.file].offset.value = told.before + moved;
}

// It fails, and has looked at the file by then, which is an access.
Result<> fails_late(Allowed& allowed, Errno error, FileId in) {
  allowed.fails_with_effect(error);
  allowed.then([in](World& world, const Actual&) { world.inodes[world.files[in].inode].touch(access_time, world.moment); });
  return {};
}
void may_lack_memory(Allowed& allowed, FileId in) {
  static_cast<void>(fails_late(allowed, Errno::nomem, in));
  allowed.only_with(Fault::allocation);
}

// The bytes moved: all of them, or fewer where memory ran out. Not being able to tell the positions undoes nothing.
Result<> moves(const Call& call, Allowed& allowed, const Stretch& stretch, std::span<const Told> told, uint64_t least) {
  const bool can_tell = std::ranges::all_of(told, [&](const Told& one) { return one.can_be_told(call); });
  const auto done = [&](uint64_t moved) {
    allowed.then([stretch, first = told.front(), second = told.back(), moved](World& world, const Actual&) {
      write_stretch(world, stretch, moved);
      advance(world, first, moved);
      advance(world, second, moved);
    });
  };
  may_lack_memory(allowed, stretch.in);
  const auto scribbled = [&] {
    for (const Told& one : told) {
      if (one.address != 0) allowed.writes_anything(one.address, call.writable(one.address, sizeof(uint64_t)));
    }
  };
  const auto fails_somewhere = [&](Fault planned) {
    allowed.fails_with_effect(Errno::fault);
    allowed.only_with(planned);
    scribbled();
    allowed.then([](World& world, const Actual&) { world.lost = true; });
  };
  if (std::ranges::any_of(told, [](const Told& one) { return one.address != 0; })) fails_somewhere(Fault::copy);
  if (!can_tell) {
    fails_somewhere(Fault::allocation);
    allowed.fails_with_effect(Errno::fault);
    scribbled();
    allowed.then([stretch, first = told.front(), second = told.back()](World& world, const Actual&) {
      write_stretch(world, stretch, stretch.size);
      advance(world, first, stretch.size);
      advance(world, second, stretch.size);
      world.inodes[world.files[stretch.out].inode].bytes_unsure = true;
    });
    return {};
  }
  const auto answers = [&](uint64_t moved) {
    allowed.returns(static_cast<int64_t>(moved));
    for (const Told& one : told) tell(allowed, one, moved);
    done(moved);
  };
  answers(stretch.size);
  const auto seen = static_cast<uint64_t>(call.result());
  if (seen == 0 || seen >= stretch.size) return {};
  answers(seen);
  if (seen < least) allowed.only_with(Fault::allocation);
  return {};
}

// There was nothing to be moved, and to have looked is an access.
void looked_at(Allowed& allowed, FileId in, const Told& told) {
  allowed.returns(0);
  tell(allowed, told, 0);
  allowed.then([in](World& world, const Actual&) { world.inodes[world.files[in].inode].touch(access_time, world.moment); });
}

// How many of a file's bytes from `from` on a pipe takes at once when it borrows the file's pages.
uint64_t room_by_pages(const Pipe& pipe, size_t capacity, uint64_t from, uint64_t size) {
  const size_t pages = capacity / page_size;
  const size_t free = pages - std::min(pages, pipe.fragments.size());
  uint64_t room = std::min<uint64_t>(size, free * page_size);
  if (free > 0) room = std::min(room, free * page_size - from % page_size);
  return room;
}

Result<> send_to_pipe(const Call& call, Allowed& allowed, const Stretch& stretch, const Told& told, bool nonblocking) {
  const FileId id = stretch.out;
  const Pipe& pipe = call.world.pipes[call.at(id).pipe];
  if (pipe.readers == 0) {
    allowed.ends();
    allowed.then([process = call.task.process](World& world, const Actual&) { end_process(world, process, SIGPIPE); });
    return fail(Errno::pipe);
  }
  const size_t capacity = call.world.bounds.config.pipe_size;
  const uint64_t by_bytes = capacity - std::min(capacity, pipe.size());
  const bool may_be_full = by_bytes == 0 || pipe.unsure || pipe.fragments.size() >= capacity / page_size;
  if (may_be_full) {
    if (nonblocking) allowed.may_fail(Errno::again);
    if (!nonblocking || call.resumed()) {
      allowed.blocks();
      allowed.then([caller = call.caller, from = stretch.from](World& world, const Actual&) { world.tasks[caller].started_at = from; });
    }
    if (by_bytes == 0 && !pipe.unsure) return {};
  }
  if (type_of(call, stretch.in) != FileType::regular && stretch.size > 0) return fail(Errno::inval);
  const auto size = static_cast<uint64_t>(call.at(call.at(stretch.in).inode).size);
  const uint64_t there = std::min(stretch.size, stretch.from < size ? size - stretch.from : 0);
  if (there == 0) {
    looked_at(allowed, stretch.in, told);
    return {};
  }
  may_lack_memory(allowed, stretch.in);
  // Moved, and no way to tell how far: how much, nobody knows.
  allowed.fails_with_effect(Errno::fault);
  if (told.can_be_told(call)) allowed.only_with(Fault::copy);
  if (told.address != 0) allowed.writes_anything(told.address, call.writable(told.address, sizeof(uint64_t)));
  allowed.then([id](World& world, const Actual&) { world.pipes[world.files[id].pipe].unsure = true; });
  if (!told.can_be_told(call)) return {};
  const uint64_t by_pages = room_by_pages(pipe, capacity, stretch.from, there);
  const auto moved = static_cast<uint64_t>(call.result());
  const uint64_t most = pipe.unsure ? there : std::min(there, by_bytes);
  const auto answers = [&](uint64_t count) {
    allowed.returns(static_cast<int64_t>(count));
    tell(allowed, told, count);
    allowed.then([stretch, told, count](World& world, const Actual&) {
      const InodeId source = world.files[stretch.in].inode;
      Pipe& target = world.pipes[world.files[stretch.out].pipe];
      std::vector<std::byte> bytes(count);
      world.inodes[source].bytes.read(stretch.from, bytes);
      target.borrow(bytes, stretch.from, source, world.inodes[source].modifications);
      target.unsure |= world.inodes[source].bytes_unsure;
      world.inodes[source].touch(access_time, world.moment);
      world.inodes[world.files[stretch.out].inode].touch(modify_time | change_time, world.moment);
      advance(world, told, count);
    });
  };
  answers(most);
  if (moved == 0 || moved >= most) return {};
  answers(moved);
  if (moved != by_pages && !pipe.unsure) allowed.only_with(Fault::allocation);
  return {};
}

Result<> send_to_file(const Call& call, Allowed& allowed, Stretch stretch, const Told& told) {
  const OpenFile& in = call.at(stretch.in);
  const OpenFile& out = call.at(stretch.out);
  if (out.has(O_APPEND) || in.pipe != PipeId::none) return fail(Errno::inval);
  const auto nothing = [&] {
    looked_at(allowed, stretch.in, told);
    return Result<>{};
  };
  const auto fails = [&](Errno error) { return fails_late(allowed, error, stretch.in); };
  if (stretch.size == 0) return nothing();
  if (type_of(call, stretch.in) != FileType::regular) return fails(Errno::inval);
  const auto size = static_cast<uint64_t>(call.at(in.inode).size);
  if (stretch.from >= size) return nothing();
  if (type_of(call, stretch.out) != FileType::regular) return fails(Errno::inval);
  const uint64_t limit = static_cast<uint64_t>(call.file_size_max());
  if (stretch.to >= limit) return fails(Errno::fbig);
  const uint64_t there = std::min({stretch.size, size - stretch.from, limit - stretch.to});
  // What is sent further on in the file it comes from always makes more of it.
  const bool grows = in.inode == out.inode && stretch.to > stretch.from;
  stretch.size = grows ? std::min(stretch.size, limit - stretch.to) : there;
  const Told both[2] = {told, {0, stretch.out, stretch.to}};
  return moves(call, allowed, stretch, both, there);
}

Result<> send(const Call& call, Allowed& allowed, const Told& asked) {
  const auto count = call.arg<uint64_t>(3);
  const FileId in = TRY(call.file(1));
  if (!call.at(in).readable()) return fail(Errno::badf);
  Told told = asked;
  told.file = in;
  if (told.address != 0 && !has_position(call.at(in))) return fail(Errno::spipe);
  if (told.address == 0 && has_position(call.at(in))) told.before = call.resumed() ? call.task.started_at : call.at(in).offset.value;
  if (told.before > INT64_MAX || count > INT64_MAX - told.before) return fail(Errno::inval);
  const uint64_t size = std::min(count, transfer_max);
  const FileId out = TRY(call.file(0));
  if (!call.at(out).writable()) return fail(Errno::badf);
  const bool nonblocking = call.at(in).has(O_NONBLOCK) || call.at(out).has(O_NONBLOCK);
  if (call.at(out).pipe != PipeId::none) return send_to_pipe(call, allowed, {in, out, told.before, 0, size}, told, nonblocking);
  const uint64_t to = has_position(call.at(out)) ? call.at(out).offset.value : 0;
  if (size > INT64_MAX - to) return fail(Errno::inval);
  return send_to_file(call, allowed, {in, out, told.before, to, size}, told);
}

}  // namespace

namespace rules {

Result<> sendfile(const Call& call, Allowed& allowed) {
  Told told{.address = call.address(2)};
  if (told.address == 0) return send(call, allowed, told);
  told.before = TRY(call.read<uint64_t>(told.address));
  if (told.can_be_told(call)) {
    allowed.may_scribble(told.address, sizeof(uint64_t));
    return send(call, allowed, told);
  }
  // Linux tells where it has come to even where the call fails; not being able to is what is wrong then.
  allowed.may_fail(Errno::fault);
  return send(call, allowed, told);
}

Result<> copy_file_range(const Call& call, Allowed& allowed) {
  Told in{.address = call.address(1), .file = TRY(call.file(0))}, out{.address = call.address(3), .file = TRY(call.file(2))};
  for (Told* one : {&in, &out}) one->before = one->address != 0 ? TRY(call.read<uint64_t>(one->address)) : has_position(call.at(one->file)) ? call.at(one->file).offset.value : 0;
  if (call.arg<uint32_t>(5) != 0) return fail(Errno::inval);
  const FileType in_type = type_of(call, in.file), out_type = type_of(call, out.file);
  if (in_type == FileType::directory || out_type == FileType::directory) return fail(Errno::isdir);
  if (in_type != FileType::regular || out_type != FileType::regular) return fail(Errno::inval);
  if (!call.at(in.file).readable() || !call.at(out.file).writable() || call.at(out.file).has(O_APPEND)) return fail(Errno::badf);
  auto size = call.arg<uint64_t>(4);
  if (in.before + size < size || out.before + size < size) return fail(Errno::overflow);
  const int64_t there = call.at(call.at(in.file).inode).size - static_cast<int64_t>(std::min<uint64_t>(in.before, INT64_MAX));
  const bool negative = in.before > INT64_MAX || out.before > INT64_MAX;
  if (in.before <= INT64_MAX) size = std::min(size, static_cast<uint64_t>(std::max<int64_t>(there, 0)));
  const uint64_t limit = static_cast<uint64_t>(call.file_size_max());
  if (!negative && out.before >= limit) return fail(Errno::fbig);
  if (negative) return allowed.may_fail({Errno::inval, Errno::fbig});
  size = std::min(size, limit - out.before);
  const bool to_itself = call.at(in.file).inode == call.at(out.file).inode;
  if (to_itself && out.before < in.before + size && in.before < out.before + size) return fail(Errno::inval);
  if (size == 0) return allowed.returns(0);
  const Told both[2] = {in, out};
  const uint64_t moved = std::min(size, transfer_max);
  return moves(call, allowed, {in.file, out.file, in.before, out.before, moved}, both, moved);
}

}  // namespace rules
}  // namespace cupel::props
