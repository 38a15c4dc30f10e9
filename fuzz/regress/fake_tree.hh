#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "fuzz/replay/input.hh"

// For tests: trees with a history, whose builds take no time.
namespace cupel::fuzz {

// A tree whose build copies a shell script, which answers a replay by what the file "state" says.
inline constexpr const char* make_tree = R"sh(set -e
mkdir -p "$1"; cd "$1"; git init --quiet; git config user.name a; git config user.email a@b
echo '{"version":3,"configurePresets":[{"name":"release","generator":"Ninja","binaryDir":"${sourceDir}/build/release"}]}' >CMakePresets.json
cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.21)
project(x NONE)
add_custom_target(cupel_cli COMMAND ! grep --quiet broken ${CMAKE_SOURCE_DIR}/state COMMAND mkdir -p cli COMMAND cp ${CMAKE_SOURCE_DIR}/cupel.sh cli/cupel)
END
cat >cupel.sh <<'END'
#!/bin/sh
case $(cat "$CUPEL_ROOT/state") in
  good*) echo '{"runs":[{"verdict":"ok","oracle":""}]}' ;;
  other*) echo '{"runs":[{"verdict":"finding","oracle":"leak"}]}'; exit 1 ;;
  old*) echo "cupel: there is no such target" >&2; exit 2 ;;
  *) echo "cupel: a warning" >&2; echo '{"runs":[{"verdict":"finding","oracle":"model"}]}'; exit 1 ;;
esac
END
chmod +x cupel.sh; shift
for state; do echo "$state" >state; git add .; git commit --quiet --message "$state"; done
)sh";

class FakeTree : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) / ("cupel-tree-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    ASSERT_TRUE(write_file(folder_ / "make", make_tree));
    ASSERT_TRUE(write_file(folder_ / "program.txt", "tweet\n"));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // A tree with a commit for each of the states, named after it.
  void commits(const std::string& states) { ASSERT_EQ(std::system(("bash " + (folder_ / "make").string() + " " + tree().string() + " " + states).c_str()), 0); }
  std::filesystem::path tree() const { return folder_ / "source"; }

  std::filesystem::path folder_;
};

}  // namespace cupel::fuzz
