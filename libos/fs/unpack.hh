#pragma once
#include <span>

#include "libos/fs/file_system.hh"

namespace cupel::libos {

// Puts what a tar archive holds into the file system, below its root: how a machine gets its first files. Directories that
// the archive does not name are made; a name that is there already becomes the archive's, but a directory keeps what is in it.
// On an error what came before stays. EINVAL, EOPNOTSUPP: see TarReader; ENOENT: a hard link to what is not there.
Result<> unpack_tar(FileSystem& files, std::span<const std::byte> archive);

}  // namespace cupel::libos
