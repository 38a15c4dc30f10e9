#include "fuzz/program/strace_world.hh"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <span>

namespace cupel::fuzz::strace {
namespace {

constexpr uint64_t open_creates = 0100, open_write_only = 01, open_is_folder = 0200000;
constexpr uint64_t made_descriptor = 1'000'000;  // of files made here; no recording has it
constexpr uint64_t at_fdcwd = ~uint64_t{99};

bool has(const Value& value, std::string_view word, uint64_t bit) {
  return std::ranges::find(value.words, word) != value.words.end() || (value.number & bit) != 0;
}

Value number(uint64_t value) {
  Value made;
  made.kind = Value::Kind::number;
  made.number = value;
  return made;
}
Value text(std::span<const std::byte> bytes) {
  Value made;
  made.kind = Value::Kind::text;
  made.bytes.assign(bytes.begin(), bytes.end());
  return made;
}
Value text(std::string_view words) { return text(std::as_bytes(std::span(words))); }

struct Found {
  std::string path;  // from the root
  bool folder = false;
  uint64_t mode = 0644;
  std::vector<std::byte> content;
};

std::string string_of(const Value& value) { return {reinterpret_cast<const char*>(value.bytes.data()), value.bytes.size()}; }  // SAFETY: bytes as chars

// Follows the recording and keeps what it finds.
class Follower {
 public:
  Follower(std::string working_folder, size_t content_max) : start_(std::move(working_folder)), content_max_(content_max) {}

  void follow(const Call& call) {
    if (!call.returned || !call.error.empty()) return;
    const Paths paths = paths_of(call);
    if (call.name.starts_with("rename") || call.name.starts_with("link") || call.name.starts_with("symlink")) {
      if (!paths.empty()) made_.insert(paths.back().path);
    } else if (makes(call)) {
      if (!paths.empty()) made_.insert(paths[0].path);
      if (!paths.empty() && call.name.starts_with("open")) open_[{call.pid, static_cast<uint64_t>(call.result)}] = paths[0].path;
    } else if (!paths.empty()) {
      look(call, paths[0].path, paths[0].at);
    } else if (call.name.ends_with("fork") || call.name == "clone") {
      inherit(call);
    } else if (!call.args.empty()) {
      use(call);
    }
  }
  // A path below which there is something is a folder.
  std::vector<Found> take() {
    for (Found& file : found_) {
      const auto below = [&](const std::string& path) { return path.starts_with(file.path + "/"); };
      if (std::ranges::any_of(made_, below) || std::ranges::any_of(found_, below, &Found::path)) file.folder = true;
    }
    return std::move(found_);
  }

 private:
  struct Path {
    std::string path;
    size_t at;  // argument
  };
  using Paths = std::vector<Path>;
  using Descriptor = std::pair<int64_t, uint64_t>;  // with its process

  // The paths in a call, from the root. Those from folders that were not followed are left out.
  Paths paths_of(const Call& call) {
    Paths paths;
    for (size_t at = 0; at < call.args.size(); ++at) {
      if (call.args[at].kind != Value::Kind::text || (at > 0 && call.name == "write")) continue;
      const std::string path = string_of(call.args[at]);
      std::string from = folders_.contains(call.pid) ? folders_[call.pid] : start_;
      const bool has_folder = at > 0 && call.name.find("at") != std::string::npos && call.args[at - 1].kind == Value::Kind::number;
      if (has_folder && !has(call.args[at - 1], "AT_FDCWD", 0) && call.args[at - 1].number != at_fdcwd) {
        const auto folder = open_.find({call.pid, call.args[at - 1].number});
        if (folder == open_.end()) continue;
        from = folder->second;
      }
      if (takes_path(call, at)) paths.push_back({absolute(from, path), at});
    }
    return paths;
  }
  static bool takes_path(const Call& call, size_t at) {
    if (call.name == "read" || call.name.starts_with("pread") || call.name.starts_with("pwrite") || call.name == "getcwd") return false;
    return at < 2 || call.name.starts_with("rename") || call.name.starts_with("link") || call.name.starts_with("symlink");
  }
  static std::string absolute(const std::string& from, const std::string& path) {
    std::string whole = (std::filesystem::path(from) / path).lexically_normal();
    while (whole.size() > 1 && whole.ends_with('/')) whole.pop_back();
    return whole;
  }

  static bool opens(const Call& call) { return call.name == "open" || call.name == "openat"; }
  static bool makes(const Call& call) {
    if (call.name.starts_with("mkdir") || call.name == "creat") return true;
    const size_t flags = call.name == "open" ? 1 : 2;
    return opens(call) && call.args.size() > flags && has(call.args[flags], "O_CREAT", open_creates);
  }

  void look(const Call& call, const std::string& path, size_t at) {
    const bool stats = call.name == "stat" || call.name == "lstat" || call.name == "newfstatat";
    const bool asks = call.name.starts_with("access") || call.name.starts_with("faccessat");
    if (!opens(call) && !stats && !asks && call.name != "chdir") return;
    const bool no_name = call.args[at].bytes.empty();  // the descriptor itself is meant
    if (call.name == "chdir") folders_[call.pid] = path;
    if (opens(call)) open_[{call.pid, static_cast<uint64_t>(call.result)}] = path;
    if (no_name || path == "/" || path == start_ || path.starts_with("/proc/self") || made_.contains(path)) return;
    Found& file = found(path);
    const Value* next = at + 1 < call.args.size() ? &call.args[at + 1] : nullptr;
    if (call.name == "chdir" || (opens(call) && next != nullptr && has(*next, "O_DIRECTORY", open_is_folder))) file.folder = true;
    if (asks && next != nullptr && has(*next, "X_OK", 1)) file.mode |= 0111;
    if (!stats || next == nullptr) return;
    for (const Value& field : next->items) {
      if (!field.label.ends_with("_mode")) continue;
      file.folder = file.folder || has(field, "S_IFDIR", 040000);
      file.mode = field.number & 07777;
    }
  }
  Found& found(const std::string& path) {
    const auto known = std::ranges::find(found_, path, &Found::path);
    if (known != found_.end()) return *known;
    return found_.emplace_back(Found{.path = path, .content = {}});
  }

  void inherit(const Call& call) {
    const std::map<Descriptor, std::string> all = open_;
    for (const auto& [descriptor, path] : all) {
      if (descriptor.first == call.pid) open_[{call.result, descriptor.second}] = path;
    }
    if (folders_.contains(call.pid)) folders_[call.result] = folders_[call.pid];
  }
  void use(const Call& call) {
    const auto file = open_.find({call.pid, call.args[0].number});
    if (file == open_.end()) return;
    const std::string path = file->second;
    if (call.name == "close") open_.erase(file);
    if (call.name == "fchdir") folders_[call.pid] = path;
    if (call.name.starts_with("dup") || (call.name == "fcntl" && call.args.size() > 1 && is_duplication(call.args[1]))) {
      open_[{call.pid, static_cast<uint64_t>(call.result)}] = path;
    }
    const auto found_file = std::ranges::find(found_, path, &Found::path);
    if (found_file == found_.end()) return;
    if (call.name == "getdents64") found_file->folder = true;
    if (call.name == "read" || call.name == "pread64") keep(call, found_file->content);
  }
  static bool is_duplication(const Value& command) {
    return std::ranges::any_of(command.words, [](const std::string& word) { return word.starts_with("F_DUPFD"); });
  }

  void keep(const Call& call, std::vector<std::byte>& content) const {
    if (call.args.size() < 2) return;
    const uint64_t offset = call.name == "pread64" && call.args.size() > 3 ? call.args[3].number : content.size();
    const auto& bytes = call.args[1].bytes;
    if (offset >= content_max_ || bytes.empty()) return;
    const size_t size = std::min<size_t>(bytes.size(), content_max_ - offset);
    content.resize(std::max<size_t>(content.size(), offset + size));
    std::copy_n(bytes.begin(), size, content.begin() + static_cast<ptrdiff_t>(offset));
  }

  std::string start_;
  size_t content_max_;
  std::vector<Found> found_;
  std::set<std::string> made_;                // by the program
  std::map<Descriptor, std::string> open_;
  std::map<int64_t, std::string> folders_;    // working ones, by process
};

class Maker {
 public:
  Maker(int64_t pid, size_t calls_max) : pid_(pid), calls_max_(calls_max) {}

  void make(const Found& file) {
    std::vector<Call> calls;
    std::vector<std::string> folders;
    for (size_t slash = file.path.find('/', 1); slash != std::string::npos; slash = file.path.find('/', slash + 1)) {
      folders.push_back(file.path.substr(0, slash));
    }
    if (file.folder) folders.push_back(file.path);
    for (const std::string& folder : folders) {
      if (!made_.contains(folder)) calls.push_back(call("mkdir", {text(folder), number(0755)}, 0));
    }
    if (!file.folder) {
      calls.push_back(call("open", {text(file.path), number(open_creates | open_write_only), number(file.mode)}, made_descriptor));
      if (!file.content.empty()) calls.push_back(call("write", {number(made_descriptor), text(file.content), number(file.content.size())}, 0));
      calls.push_back(call("close", {number(made_descriptor)}, 0));
    }
    if (world_.calls.size() + calls.size() > calls_max_) return void(++world_.left_out);
    made_.insert(folders.begin(), folders.end());
    world_.calls.insert(world_.calls.end(), calls.begin(), calls.end());
  }
  void enter(const std::string& folder) {
    make({.path = folder, .folder = true, .content = {}});
    world_.calls.push_back(call("chdir", {text(folder)}, 0));
  }
  World take() { return std::move(world_); }

 private:
  Call call(std::string name, std::vector<Value> args, uint64_t result) const {
    Call made;
    made.pid = pid_;
    made.name = std::move(name);
    made.args = std::move(args);
    made.returned = true;
    made.result = static_cast<int64_t>(result);
    return made;
  }

  int64_t pid_;
  size_t calls_max_;
  std::set<std::string> made_;
  World world_;
};

}  // namespace

World world_before(const std::vector<Call>& calls, size_t calls_max, size_t content_max) {
  if (calls.empty()) return {};
  // Where the program ran is known if it asked.
  const auto asked = std::ranges::find_if(calls, [](const Call& call) { return call.name == "getcwd" && call.error.empty() && !call.args.empty(); });
  std::string working_folder = asked == calls.end() ? "/" : string_of(asked->args[0]);
  if (!working_folder.starts_with('/')) working_folder = "/";
  Follower follower(working_folder, content_max);
  for (const Call& call : calls) follower.follow(call);
  Maker maker(calls.front().pid, calls_max);
  if (working_folder != "/") maker.enter(working_folder);
  for (const Found& file : follower.take()) maker.make(file);
  return maker.take();
}

}  // namespace cupel::fuzz::strace
