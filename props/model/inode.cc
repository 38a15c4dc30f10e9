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

void Inode::touch(uint8_t which) {
  if ((which & modify_time) != 0) ++modifications;
  for (unsigned index = 0; index < 3; ++index) {
    if ((which >> index & 1) != 0) times[index].known = false;
  }
}

}  // namespace cupel::props
