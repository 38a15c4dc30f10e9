#pragma once
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string_view>

#include "libos/fs/file_system.hh"
#include "libos/fs/inode.hh"
#include "libos/machine/machine.hh"
#include "libos/mm/address_space.hh"
#include "platforms/mock/scripted_guest.hh"

// For tests: a machine on the mock, with whatever files a test puts there.
namespace cupel::libos {

class MachineTest : public testing::Test {
 protected:
  static constexpr size_t arena_size = 16 * 1024 * 1024;

  MachineTest() { platform.set_lock_word(&machine().lock().word()); }
  ~MachineTest() override {
    machine_->shut_down();
    EXPECT_EQ(arena_->allocated_size(), before_);
  }

  Machine& machine() { return *machine_; }
  Task& task() { return machine().first_task(); }
  Walker walker() { return {machine().files().root(), machine().files().root(), &task().credentials}; }
  Ref<Inode> find(std::string_view path) { return machine().files().find(walker(), path, Follow::yes).value(); }
  Ref<Inode> put_file(std::string_view path, std::span<const std::byte> bytes, uint32_t mode = 0755) {
    const Place place = machine().files().walk(walker(), path, Follow::no).value();
    Ref<Inode> inode = machine().files().create_file(place, task().credentials, mode).value();
    auto& file = static_cast<RegularFile&>(*inode);
    for (size_t at = 0; at < bytes.size(); at += page_size) {
      std::memcpy(file.page_for_writing(at / page_size).value(), bytes.data() + at, std::min<size_t>(page_size, bytes.size() - at));
    }
    file.grow(bytes.size());
    return inode;
  }
  Ref<Inode> put_file(std::string_view path, std::string_view text, uint32_t mode = 0755) { return put_file(path, std::as_bytes(std::span(text)), mode); }

  mock::ScriptedGuest guest;
  mock::MockPlatform platform{guest};

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };
  std::unique_ptr<std::byte, Free> region_{static_cast<std::byte*>(std::aligned_alloc(page_size, arena_size))};
  Arena* arena_ = Arena::create({region_.get(), arena_size});
  size_t before_ = arena_->allocated_size();
  Machine* machine_ = Machine::boot(*arena_, platform, {}).value();
};

}  // namespace cupel::libos
