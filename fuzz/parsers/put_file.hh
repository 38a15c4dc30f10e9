#pragma once
#include <cstring>

#include "fuzz/target.hh"
#include "libos/fs/file_system.hh"
#include "libos/machine/machine.hh"

namespace cupel::fuzz {

// A new executable file with these bytes. ENOMEM.
inline Result<Ref<libos::Inode>> put_file(libos::Machine& machine, std::string_view path, ByteView bytes) {
  libos::FileSystem& files = machine.files();
  const libos::Credentials& who = machine.first_task().credentials;
  const libos::Place place = TRY(files.walk({files.root(), files.root(), &who}, path, libos::Follow::no));
  Ref<libos::Inode> inode = TRY(files.create_file(place, who, 0755));
  auto& file = static_cast<libos::RegularFile&>(*inode);
  for (size_t at = 0; at < bytes.size(); at += page_size) {
    std::memcpy(TRY(file.page_for_writing(at / page_size)), bytes.data() + at, std::min<size_t>(page_size, bytes.size() - at));
    file.grow(std::min<size_t>(at + page_size, bytes.size()));
  }
  return inode;
}

}  // namespace cupel::fuzz
