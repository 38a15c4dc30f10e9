#include "libos/fs/tar.hh"

#include <cstdio>
#include <string>
#include <vector>

#include "libos/exec/machine_test.hh"
#include "libos/fs/unpack.hh"

namespace cupel::libos {
namespace {

struct Member {
  std::string name;
  char type = '0';
  std::string bytes{};
  std::string target{};
  unsigned mode = 0644;
  std::string prefix{};
};

std::string header(const Member& member) {
  std::string block(512, '\0');
  const auto put = [&](size_t offset, const std::string& text) { block.replace(offset, text.size(), text); };
  const auto octal = [](unsigned long value, int digits) {
    char text[16];
    std::snprintf(text, sizeof(text), "%0*lo", digits, value);
    return std::string(text);
  };
  put(0, member.name), put(100, octal(member.mode, 7)), put(108, octal(5, 7)), put(116, octal(6, 7));
  put(124, octal(member.bytes.size(), 11)), put(136, octal(1'000'000, 11)), put(148, "        ");
  block[156] = member.type;
  put(157, member.target), put(257, "ustar"), put(263, "00"), put(345, member.prefix);
  unsigned long sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6) + std::string("\0 ", 2));
  return block;
}

std::string archive(const std::vector<Member>& members, bool with_end = true) {
  std::string out;
  for (const Member& member : members) {
    out += header(member) + member.bytes;
    out.resize((out.size() + 511) / 512 * 512);
  }
  return with_end ? out + std::string(1024, '\0') : out;
}

std::string pax(const std::string& key, const std::string& value) {
  const std::string body = " " + key + "=" + value + "\n";
  size_t size = body.size() + 1;
  while (std::to_string(size).size() + body.size() != size) ++size;
  return std::to_string(size) + body;
}

class Tar : public MachineTest {
 protected:
  Result<> unpack(const std::string& bytes) {
    const auto done = unpack_tar(machine().files(), std::as_bytes(std::span(bytes)));
    machine().check();
    return done;
  }
  std::string text(std::string_view path) {
    const Ref<Inode> inode = find(path);
    auto& file = static_cast<RegularFile&>(*inode);
    std::string out;
    for (uint64_t at = 0; at < file.size(); ++at) out += static_cast<char>(file.page(at / page_size).value()[at % page_size]);
    return out;
  }
};

TEST_F(Tar, FilesDirectoriesAndLinksComeAsTheyWere) {
  const std::string big(10'000, 'b');
  ASSERT_TRUE(unpack(archive({{.name = "bin/", .type = '5', .mode = 0711},
                              {.name = "bin/busybox", .bytes = big, .mode = 04755},
                              {.name = "bin/sh", .type = '2', .target = "busybox"},
                              {.name = "./etc/deep/x", .bytes = "x\n"},  // whose directories nobody named
                              {.name = "hard", .type = '1', .target = "bin/busybox"}})));
  EXPECT_EQ(text("/bin/sh"), big);
  EXPECT_EQ(text("/etc/deep/x"), "x\n");
  EXPECT_EQ(find("/hard"), find("/bin/busybox"));
  EXPECT_EQ(find("/hard")->link_count, 2u);
  EXPECT_EQ(find("/bin")->mode, 040711u);
  EXPECT_EQ(find("/hard")->mode, 0104755u);
  EXPECT_EQ(find("/hard")->uid, 5u);
  EXPECT_EQ(find("/hard")->gid, 6u);
  EXPECT_EQ(find("/hard")->modified.seconds, 1'000'000);
}

TEST_F(Tar, LongNamesComeFromPrefixesPaxAndGnuEntries) {
  const std::string part(90, 'p'), long_name(180, 'n'), gnu_name(140, 'g');
  ASSERT_TRUE(unpack(archive({{.name = "file", .bytes = "1", .prefix = part},
                              {.name = "pax", .type = 'x', .bytes = pax("path", long_name) + pax("uid", "70000") + pax("comment", "")},
                              {.name = "short", .bytes = "2"},
                              {.name = "././@LongLink", .type = 'L', .bytes = gnu_name},
                              {.name = "short", .bytes = "3"}})));
  EXPECT_EQ(text("/" + part + "/file"), "1");
  EXPECT_EQ(text("/" + long_name), "2");
  EXPECT_EQ(find("/" + long_name)->uid, 70000u);
  EXPECT_EQ(text("/" + gnu_name), "3");
}

TEST_F(Tar, ANameThatLeadsUpStaysBelowTheRoot) {
  ASSERT_TRUE(unpack(archive({{.name = "../../x", .bytes = "1"}, {.name = "out", .type = '2', .target = "/../.."}, {.name = "out/y", .bytes = "2"}})));
  EXPECT_EQ(text("/x"), "1");
  EXPECT_EQ(text("/y"), "2");
}

TEST_F(Tar, ALaterEntryTakesTheNameOfAnEarlierOne) {
  ASSERT_TRUE(unpack(archive({{.name = "a", .bytes = "1"}, {.name = "d/in", .bytes = "in"}, {.name = "a", .type = '2', .target = "d"}, {.name = "d", .type = '5', .mode = 0700}})));
  EXPECT_EQ(text("/a/in"), "in");
  EXPECT_EQ(find("/d")->mode, 040700u);
  EXPECT_EQ(unpack(archive({{.name = "d", .bytes = "a file over a directory"}})).error(), Errno::isdir);
}

TEST_F(Tar, AnArchiveThatIsCutOffOrDamagedIsRefused) {
  const std::string sound = archive({{.name = "a", .bytes = std::string(700, 'a')}}, false);
  EXPECT_TRUE(unpack(sound));  // without the zeros at its end
  EXPECT_EQ(unpack(sound.substr(0, 512 + 699)).error(), Errno::inval);
  EXPECT_EQ(unpack(sound.substr(0, 511)).error(), Errno::inval);
  std::string damaged = sound;
  damaged[0] ^= 1;
  EXPECT_EQ(unpack(damaged).error(), Errno::inval);
  EXPECT_EQ(unpack(archive({{.name = "a", .type = '1', .target = "nowhere"}})).error(), Errno::noent);
  EXPECT_EQ(unpack(archive({{.name = "tty", .type = '3'}})).error(), Errno::opnotsupp);
  EXPECT_EQ(unpack(archive({{.name = "x", .type = 'x', .bytes = "999 path=a\n"}, {.name = "b"}})).error(), Errno::inval);
  EXPECT_EQ(unpack(archive({{.name = "x", .type = 'x', .bytes = "3 \n"}, {.name = "b"}})).error(), Errno::inval);
  EXPECT_TRUE(unpack(""));
}

TEST_F(Tar, AFileThatIsLargerThanTheMachineIsRefusedAndTheMachineStands) {
  EXPECT_EQ(unpack(archive({{.name = "big", .bytes = std::string(MachineTest::arena_size, 'b')}})).error(), Errno::nomem);
}

}  // namespace
}  // namespace cupel::libos
