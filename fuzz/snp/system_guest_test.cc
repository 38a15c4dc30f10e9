#include "fuzz/snp/system_disk.hh"

#include <gtest/gtest.h>

#include "libos/fs/tar.hh"

namespace cupel::fuzz::snp {
namespace {

TEST(SystemDisk, IsAnArchiveOfTwoFiles) {
  libos::TarReader reader(std::as_bytes(system_disk()));
  std::vector<std::string> paths;
  auto entry = reader.next();
  for (; entry && *entry; entry = reader.next()) paths.emplace_back((*entry)->path);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(paths, (std::vector<std::string>{"bin/one", "etc/two"}));
}

}  // namespace
}  // namespace cupel::fuzz::snp
