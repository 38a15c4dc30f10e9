#include "props/model/inode.hh"

#include <algorithm>

namespace cupel::props {

void Inode::clear() {
  type = FileType::regular;
  mode = mode_unsure = user = group = modifications = 0;
  link_count = 1;
  size = 0;
  bytes_unsure = removed = linkable = false;
  bytes.clear();
  target.clear();
  entries.clear();
  attributes.clear();
  parent = InodeId::none;
  number = {};
  for (Stamp& stamp : times) stamp = {};
}

const DirectoryEntry* Inode::find(std::string_view name) const {
  const auto found = std::ranges::find(entries, name, &DirectoryEntry::name);
  return found == entries.end() ? nullptr : &*found;
}

namespace {

// What a stamp can show at present.
Span shown(const Stamp& stamp) {
  constexpr uint64_t second = 1'000'000'000;
  if (!stamp.known) return stamp.within;
  if (stamp.seconds > UINT64_MAX / second - 1) return {};
  const uint64_t time = stamp.seconds * second + stamp.nanoseconds;
  return {time, time};
}

}  // namespace

void Inode::touch(uint8_t which, const Moment& moment) {
  if ((which & modify_time) != 0) ++modifications;
  if ((which & access_time) != 0) {
    const Span before = shown(times[0]);
    times[0] = {.within = {std::min(before.from, moment.realtime.from), std::max(before.to, moment.realtime.to)}};
  }
  if ((which & modify_time) != 0) times[1] = {.within = moment.realtime};
  if ((which & change_time) != 0) times[2] = {.within = moment.realtime};
}

}  // namespace cupel::props
