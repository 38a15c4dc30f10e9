#include "libos/interface/desc.hh"

namespace cupel::interface {

std::string_view kind_name(Kind kind) {
  static constexpr std::array<std::string_view, 29> names{
      "integer", "fd",  "dir_fd", "new_fd",    "flags",      "choice",    "mode",       "size",     "count",        "offset",
      "address", "length", "in",  "out",       "in_out",     "in_buffer", "out_buffer", "in_vector", "out_vector",  "in_array",
      "in_out_array", "path", "string", "task", "signal",    "user",      "clock",      "futex", "limit"};
  static_assert(names.size() == static_cast<size_t>(Kind::limit) + 1);
  return names[static_cast<size_t>(kind)];
}

std::string_view resource_name(Resource resource) {
  static constexpr std::array<std::string_view, 11> names{"none",        "any",         "file",    "directory", "pipe_reader",
                                                         "pipe_writer", "eventfd", "epoll", "timerfd", "task",      "mapping"};
  static_assert(names.size() == static_cast<size_t>(Resource::mapping) + 1);
  return names[static_cast<size_t>(resource)];
}

}  // namespace cupel::interface
