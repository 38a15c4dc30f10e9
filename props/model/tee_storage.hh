#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// What stored objects hold: a map of names to bytes, and what open handles may do with it. Numbers are the API's.
namespace cupel::props {

class TeeStorageModel {
 public:
  using Bytes = std::vector<uint8_t>;
  using Name = std::pair<uint32_t, std::string>;
  using Objects = std::map<Name, Bytes>;

  // Each gives the result it must have, and does it if that is success. `code` 0 is success.
  uint32_t open(const Name& name, uint32_t flags, std::optional<uint32_t> handle);
  uint32_t create(const Name& name, uint32_t flags, const Bytes& content, std::optional<uint32_t> handle);
  uint32_t close(uint32_t ta, uint32_t handle);
  uint32_t read(uint32_t ta, uint32_t handle, size_t size, Bytes& expected);
  uint32_t write(uint32_t ta, uint32_t handle, const Bytes& bytes);
  uint32_t truncate(uint32_t ta, uint32_t handle, uint64_t size);
  uint32_t seek(uint32_t ta, uint32_t handle, int32_t offset, uint32_t whence);
  uint32_t rename(uint32_t ta, uint32_t handle, const Name& to);
  uint32_t remove(uint32_t ta, uint32_t handle);

  void restart() { handles_.clear(); }
  const Objects& objects() const { return objects_; }
  void set_objects(Objects objects) { objects_ = std::move(objects); }

 private:
  struct Handle {
    Name name;
    uint32_t flags = 0;
    uint64_t position = 0;
  };
  Handle* find(uint32_t ta, uint32_t handle);
  bool conflicts(const Name& name, uint32_t flags) const;

  Objects objects_;
  std::map<uint32_t, Handle> handles_;
};

}  // namespace cupel::props
