#include "fuzz/linux/named_files.hh"

#include <algorithm>

namespace cupel::fuzz {
namespace {

using interface::Kind;

const interface::FieldDesc* descriptor_field(const interface::ArgDesc& arg) {
  if ((arg.kind != Kind::in_array && arg.kind != Kind::in_out_array) || arg.element == nullptr) return nullptr;
  const auto found = std::ranges::find(arg.element->fields, Kind::fd, &interface::FieldDesc::kind);
  return found == arg.element->fields.end() || found->size != sizeof(int32_t) ? nullptr : &*found;
}

}  // namespace

NamedFiles named_files(const interface::Invocation& invocation, const libos::Task& task) {
  NamedFiles files;
  for (const interface::ArgDesc& arg : invocation.desc->args()) {
    const interface::FieldDesc* field = descriptor_field(arg);
    if (field == nullptr) continue;
    const uint64_t base = invocation.registers[arg.reg];
    const uint64_t count = std::min<uint64_t>(static_cast<uint32_t>(invocation.registers[arg.reg + 1u]), task.fds().descriptors_max());
    for (uint64_t index = 0; index < count; ++index) {
      int32_t number = -1;
      const auto bytes = std::as_writable_bytes(std::span(&number, 1));
      if (invocation.memory->copy_in(base + index * arg.element->size + field->offset, bytes) < bytes.size()) break;
      files.push_back(number < 0 ? nullptr : task.fds().at(static_cast<uint32_t>(number)));
    }
  }
  return files;
}

}  // namespace cupel::fuzz
