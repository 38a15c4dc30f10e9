#include "fuzz/program/strace.hh"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include "fuzz/program/normal_form.hh"
#include "fuzz/program/strace_text.hh"
#include "fuzz/program/strace_world.hh"
#include "fuzz/program/value_text.hh"
#include "libos/interface/args.hh"

namespace cupel::fuzz {

using interface::ArgDesc;
using interface::IoVec;
using interface::Kind;
using interface::NamedValue;
using interface::Resource;
using strace::Call;
using strace::Value;

namespace {

constexpr uint64_t clone_files = 0x400;  // clone(2): CLONE_FILES
constexpr uint64_t standard_descriptors = 3;
constexpr uint64_t utime_now = 0x3fff'ffff, utime_omit = 0x3fff'fffe;  // utimensat(2), in a time's nanoseconds
constexpr uint64_t heap_size_max = uint64_t{1} << 30;
constexpr size_t world_calls_max = 96;       // what was there before must not crowd out what was done with it
constexpr size_t world_content_max = 4096;   // bytes of a file

// What the numbers in the recording stand for in the program.
struct Process {
  uint8_t task;
  std::shared_ptr<std::map<uint64_t, ResultRef>> descriptors;
};
struct Mapping {
  uint64_t size;
  ResultRef ref;
};

class Importer {
 public:
  explicit Importer(const Grammar& grammar) : grammar_(grammar) {}

  void add(const Call& call) {
    Process* const process = process_of(call.pid);
    if (process == nullptr) return warn("a call of a task that is not known was left out");
    const auto index = grammar_.find(call.name);
    if (!index) return warn(call.name + " was left out");
    const interface::CallDesc& desc = grammar_.call(*index);
    if (!understood(call, desc, *process)) return;
    const size_t at = out_.program.steps.size();
    Step step{.call = *index, .task = process->task};
    for (size_t arg = 0; arg < desc.arg_count; ++arg) {
      bytes_.clear();
      step.args[arg] = argument(call, desc.arg_array[arg], *process);
      settle(grammar_, desc.arg_array[arg], at, bytes_, step.args[arg], out_.program);
    }
    out_.program.steps.push_back(step);
    if (call.returned && call.error.empty()) remember(call, desc, step, *process);
  }
  bool full() const { return out_.program.steps.size() == steps_max; }
  void warn(const std::string& what, size_t count = 1) { warnings_[what] += count; }

  ImportedTrace take() {
    for (const auto& [what, count] : warnings_) out_.warnings.push_back(what + (count == 1 ? "" : fmt::format(" ({} times)", count)));
    settle_circumstances(grammar_, out_.program);
    return std::move(out_);
  }

 private:
  Process* process_of(int64_t pid) {
    if (processes_.empty()) processes_[pid] = {0, std::make_shared<std::map<uint64_t, ResultRef>>()};
    const auto found = processes_.find(pid);
    return found == processes_.end() ? nullptr : &found->second;
  }

  // Keeps what the call gave.
  void remember(const Call& call, const interface::CallDesc& desc, const Step& step, const Process& process) {
    const auto at = static_cast<uint16_t>(out_.program.steps.size() - 1);
    const auto result = static_cast<uint64_t>(call.result);
    const Results& results = grammar_.results(step.call);
    const bool duplicates = call.name == "fcntl" && (step.args[1].value == 0 || step.args[1].value == 1030);  // F_DUPFD, F_DUPFD_CLOEXEC
    if (duplicates || (set_of(results.resources[0]) & fitting(Resource::any)) != 0) (*process.descriptors)[result] = {at, 0};
    if (results.resources[0] == Resource::mapping) {
      uint64_t size = 0;
      for (size_t arg = 0; arg < desc.arg_count; ++arg) {
        if (desc.arg_array[arg].kind == Kind::length) size = step.args[arg].value;
      }
      if (call.name == "brk") size = heap_size_max, heap_ = {at, 0};  // brk(2) is asked for addresses above what it said first
      mappings_[result] = {size, {at, 0}};
    }
    if (results.resources[0] == Resource::task && result != 0) spawn(call, {at, 0}, process);
    uint8_t slot = 1;
    for (size_t arg = 0; arg < desc.arg_count; ++arg) {
      const ArgDesc& made = desc.arg_array[arg];
      if ((made.kind != Kind::out && made.kind != Kind::in_out) || made.element == nullptr) continue;
      std::vector<const Value*> numbers;
      if (const Value* value = value_at(call, made, 0)) leaves(*value, numbers);
      for (size_t field = 0; field < made.element->fields.size(); ++field) {
        if (made.element->fields[field].kind != Kind::new_fd || slot >= results.count) continue;
        if (field < numbers.size()) (*process.descriptors)[numbers[field]->number] = {at, slot};
        ++slot;
      }
    }
  }
  void spawn(const Call& call, ResultRef ref, const Process& parent) {
    const auto task = static_cast<uint8_t>(processes_.size());
    tasks_[static_cast<uint64_t>(call.result)] = ref;
    if (processes_.size() >= tasks_max) return warn("a task beyond the eighth was left out");
    const Step& step = out_.program.steps[ref.step];
    const bool shares = call.name == "clone" && (step.args[0].value & clone_files) != 0;
    const auto descriptors = shares ? parent.descriptors : std::make_shared<std::map<uint64_t, ResultRef>>(*parent.descriptors);
    processes_[call.result] = {task, descriptors};
  }

  // The value in a register: by its position, or where strace names arguments (clone) by its label.
  static const Value* value_at(const Call& call, const ArgDesc& desc, size_t which) {
    const auto labelled = std::ranges::find_if(call.args, [&](const Value& value) { return value.label.find(desc.name) != std::string::npos; });
    if (labelled != call.args.end()) return &*labelled;
    const size_t at = desc.reg + which;
    return at < call.args.size() && call.args[at].label.empty() ? &call.args[at] : nullptr;
  }

  Arg argument(const Call& call, const ArgDesc& desc, const Process& process) {
    const Value* value = value_at(call, desc, 0);
    const Shape shape = shape_of(desc.kind);
    if (value == nullptr) return {.place = shape == Shape::scalar ? Place::slot : Place::null};  // strace leaves out what the call does not look at
    if (shape == Shape::scalar) return scalar(call, desc, *value, process);
    Arg arg;
    if (value->kind == Value::Kind::number) arg = address(call, *value);
    if (is_counted(shape)) {
      const Value* count = value_at(call, desc, 1);
      arg.value = count == nullptr ? 0 : count->number;
    }
    if (arg.place == Place::slot) object(call, desc, shape, *value, process, arg);
    return arg;
  }

  // False: a call whose command or whose descriptor means nothing here is left out, for it would be another call.
  bool understood(const Call& call, const interface::CallDesc& desc, const Process& process) {
    for (size_t arg = 0; arg < desc.arg_count; ++arg) {
      const ArgDesc& of = desc.arg_array[arg];
      const Value* value = value_at(call, of, 0);
      if (value == nullptr || shape_of(of.kind) != Shape::scalar) continue;
      if (of.kind == Kind::choice) {
        for (const std::string& word : value->words) {
          if (number_of(word, of.values)) continue;
          warn(call.name + " was left out for " + word);
          return false;
        }
      }
      const bool lost = of.kind == Kind::fd || of.kind == Kind::dir_fd ? !makes_number(call, of) && value->words.empty() && is_strange(value->number, process) : false;
      if (!lost) continue;
      warn(call.name + " was left out for its descriptor, which no call here gave");
      return false;
    }
    return true;
  }
  static bool makes_number(const Call& call, const ArgDesc& desc) { return call.name.starts_with("dup") && desc.reg == 1; }  // dup2(2) chooses it
  static bool is_strange(uint64_t number, const Process& process) {
    return number >= standard_descriptors && static_cast<int64_t>(number) >= 0 && !process.descriptors->contains(number);
  }

  // A pointer that strace shows as a number.
  Arg address(const Call& call, const Value& value) const {
    if (value.number == 0) return {.place = Place::null};
    if (const auto mapping = mapping_at(value.number)) return {.value = mapping->second, .place = Place::mapping, .ref = mapping->first};
    return {.place = call.error == "EFAULT" ? Place::unmapped : Place::slot};
  }
  std::optional<std::pair<ResultRef, uint64_t>> mapping_at(uint64_t address) const {
    auto above = mappings_.upper_bound(address);
    if (above == mappings_.begin()) return std::nullopt;
    const auto& [base, mapping] = *--above;
    if (address - base >= mapping.size) return std::nullopt;
    return std::pair{mapping.ref, address - base};
  }

  static Arg reference(ResultRef ref, uint64_t offset = 0) { return {.value = offset, .form = Form::result, .ref = ref}; }

  Arg scalar(const Call& call, const ArgDesc& desc, const Value& value, const Process& process) {
    const uint64_t number = resolved(value, desc.kind, desc.values);
    switch (wanted(desc.kind, desc.resource)) {
      case Resource::none: return {.value = number};
      case Resource::mapping: {
        if (value.kind == Value::Kind::list && heap_) return reference(*heap_);  // strace shows what lies there, not where
        const auto mapping = mapping_at(number);
        return mapping ? reference(mapping->first, mapping->second) : Arg{.value = number};
      }
      case Resource::task: {
        const auto task = tasks_.find(number);
        return task == tasks_.end() ? Arg{.value = number} : reference(task->second);
      }
      default: return descriptor(number, process, makes_number(call, desc));
    }
  }
  Arg descriptor(uint64_t number, const Process& process, bool any_number) {
    const auto known = process.descriptors->find(number);
    if (known != process.descriptors->end() && !any_number) return reference(known->second);
    if (any_number || !is_strange(number, process)) return {.value = number};
    warn("a descriptor that no call here gave became -1");
    return {.value = ~uint64_t{0}};
  }

  // What is a plain number for the description (fcntl's third argument) may be a name for strace: one of another call's, or of these.
  std::optional<uint64_t> number_of(std::string_view name, std::span<const NamedValue> values) const {
    constexpr std::array<NamedValue, 4> others{{{"FD_CLOEXEC", 1}, {"F_OK", 0}, {"UTIME_NOW", utime_now}, {"UTIME_OMIT", utime_omit}}};
    const auto among = [&](std::span<const NamedValue> some) {
      const auto found = std::ranges::find(some, name, &NamedValue::name);
      return found == some.end() ? std::nullopt : std::optional(found->value);
    };
    if (const auto own = among(values)) return own;
    if (const auto other = among(others)) return other;
    for (const interface::CallDesc& call : grammar_.interface().calls) {
      for (const ArgDesc& desc : std::span(call.arg_array).first(call.arg_count)) {
        if (const auto found = among(desc.values)) return found;
      }
    }
    return std::nullopt;
  }
  // Names that no description has are left out.
  uint64_t resolved(const Value& value, Kind kind, std::span<const NamedValue> values) {
    uint64_t number = value.number;
    for (const std::string& name : value.words) {
      if (const auto found = number_of(name, values)) number |= *found;
      else if (kind == Kind::dir_fd && name == at_cwd_name) number = at_cwd;
      else warn("the name " + name + " is not known");
    }
    return number;
  }

  void object(const Call& call, const ArgDesc& desc, Shape shape, const Value& value, const Process& process, Arg& arg) {
    const bool was_counted = arg.value == value.bytes.size();
    switch (shape) {
      case Shape::object:
        // Of a word (futex) strace shows where it was, not what it held. It holds 0 then: a wait for another value goes on, where
        // one for the right value would wait for a wake-up that nobody can send to a slot.
        if (value.kind == Value::Kind::number) bytes_.resize(desc.element->size);
        else record(*desc.element, value, process);
        break;
      case Shape::array:
        for (const Value& item : value.items) record(*desc.element, item, process);
        break;
      case Shape::text:
        bytes_ = value.bytes;
        if (!value.cut) bytes_.push_back(std::byte{0});
        break;
      case Shape::bytes:
        bytes_ = value.bytes;
        if (value.kind == Value::Kind::number) bytes_.resize(std::min<uint64_t>(arg.value, buffer_max));
        if (bytes_.size() > buffer_max) bytes_.resize(buffer_max);
        arg.value = was_counted ? bytes_.size() : std::min<uint64_t>(arg.value, buffer_max);
        break;
      case Shape::vector: vector(call, desc.kind == Kind::in_vector, value, arg); break;
      case Shape::room: arg.value = std::min<uint64_t>(arg.value, buffer_max); break;
      default: break;
    }
    arg.blob_size = static_cast<uint32_t>(bytes_.size());
  }

  // The numbers in a struct, in order, whatever their names and however nested.
  static void leaves(const Value& value, std::vector<const Value*>& out) {
    static const Value zero{.kind = Value::Kind::number, .label = {}, .words = {}, .bytes = {}, .items = {}};
    const bool special_time = value.label.empty() && value.words.size() == 1 && value.words[0].starts_with("UTIME_");
    if (special_time) out.push_back(&zero);  // strace leaves out the seconds beside it
    if (value.kind != Value::Kind::list) return out.push_back(&value);
    for (const Value& item : value.items) leaves(item, out);
  }
  void record(const interface::StructDesc& element, const Value& value, const Process& process) {
    const size_t start = bytes_.size();
    bytes_.resize(start + element.size);
    std::vector<const Value*> numbers;
    leaves(value, numbers);
    for (size_t index = 0; index < std::min(numbers.size(), element.fields.size()); ++index) {
      const interface::FieldDesc& field = element.fields[index];
      if (numbers[index]->kind != Value::Kind::number) continue;
      uint64_t number = resolved(*numbers[index], field.kind, field.values);
      if (field.kind == Kind::fd) {
        const Arg arg = descriptor(number, process, false);
        number = arg.form == Form::result ? static_cast<uint64_t>(ref_code(arg.ref)) : arg.value;
      }
      std::memcpy(bytes_.data() + start + field.offset, &number, std::min<size_t>(field.size, sizeof(number)));
    }
  }

  void vector(const Call& call, bool with_data, const Value& value, Arg& arg) {
    std::vector<IoVec> parts;
    std::vector<std::byte> data;
    uint64_t total = 0;
    for (const Value& item : value.items) {
      if (item.items.size() < 2 || (parts.size() + 1) * sizeof(IoVec) + total >= buffer_max) break;
      const uint64_t size = std::min<uint64_t>(item.items[1].number, buffer_max - total - (parts.size() + 1) * sizeof(IoVec));
      parts.push_back({total, size});
      total += size;
      data.insert(data.end(), item.items[0].bytes.begin(), item.items[0].bytes.end());
      data.resize(total);
    }
    if (parts.size() < value.items.size()) warn("an array of " + call.name + " was cut"), arg.value = parts.size();
    bytes_.resize(parts.size() * sizeof(IoVec));
    if (!parts.empty()) std::memcpy(bytes_.data(), parts.data(), bytes_.size());
    if (with_data) bytes_.insert(bytes_.end(), data.begin(), data.end());
  }

  const Grammar& grammar_;
  ImportedTrace out_;
  std::vector<std::byte> bytes_;  // of one argument
  std::map<std::string, size_t> warnings_;
  std::map<int64_t, Process> processes_;
  std::map<uint64_t, ResultRef> tasks_;    // by the recording's ids
  std::map<uint64_t, Mapping> mappings_;   // by where they were
  std::optional<ResultRef> heap_;
};

// clone3(2) passes in a struct what clone(2) takes in registers.
void make_clone(Call& call) {
  if (call.name != "clone3" || call.args.empty()) return;
  call.name = "clone";
  std::vector<Value> fields = std::move(call.args[0].items);
  Value flags;
  flags.kind = Value::Kind::number;
  flags.label = "flags";
  for (const Value& field : fields) {
    if (field.label != "flags" && field.label != "exit_signal") continue;
    flags.number |= field.number;
    flags.words.insert(flags.words.end(), field.words.begin(), field.words.end());
  }
  call.args.clear();
  call.args.push_back(std::move(flags));
}

// statx(2): strace names the absence of both sync flags, too.
void drop_no_sync(Call& call) {
  if (call.name != "statx" || call.args.size() != 5) return;
  std::erase(call.args[2].words, "AT_STATX_SYNC_AS_STAT");
}

// futex(2): where an operation has no second word, strace shows its mask in that one's place.
void place_futex_mask(Call& call) {
  if (call.name != "futex" || call.args.size() != 5) return;
  Value& mask = call.args[4];
  if (std::ranges::find(mask.words, "FUTEX_BITSET_MATCH_ANY") != mask.words.end()) mask.words.clear(), mask.number = UINT32_MAX;
  Value nowhere;
  nowhere.kind = Value::Kind::number;
  call.args.insert(call.args.begin() + 4, nowhere);
}

// In place of a call that the interface may lack, one which asks the same.
void make_known(Call& call) { make_clone(call); }

// Takes out what the dynamic loader of the program that call `start` executed did: up to the munmap(2) of its cache.
void leave_out_loading(std::vector<Call>& calls, size_t start) {
  constexpr std::string_view cache = "/etc/ld.so.cache";
  const int64_t pid = calls[start].pid;
  bool cached = false;
  for (size_t index = start + 1; index < calls.size(); ++index) {
    Call& call = calls[index];
    if (call.pid != pid) continue;
    if (call.name == "execve" || call.name.starts_with("exit")) return;
    cached = cached || std::ranges::any_of(call.args, [&](const Value& value) { return std::ranges::equal(value.bytes, std::as_bytes(std::span(cache))); });
    if (!cached || call.name != "munmap") continue;
    for (size_t loading = start; loading <= index; ++loading) {
      if (calls[loading].pid == pid) calls[loading].name.clear();
    }
    return;
  }
}

}  // namespace

ImportedTrace import_strace(const Grammar& grammar, std::string_view text, const StraceOptions& options) {
  std::vector<Call> calls = strace::read_trace(text);
  for (size_t index = 0; index < calls.size(); ++index) {
    if (!grammar.find(calls[index].name)) make_known(calls[index]);
    place_futex_mask(calls[index]);
    drop_no_sync(calls[index]);
    if (!options.keep_loading && calls[index].name == "execve" && calls[index].error.empty()) leave_out_loading(calls, index);
  }
  std::erase_if(calls, [](const Call& call) { return call.name.empty(); });
  calls.erase(calls.begin(), calls.begin() + static_cast<ptrdiff_t>(std::min(options.skip, calls.size())));
  Importer importer(grammar);
  if (options.build_world) {
    strace::World world = strace::world_before(calls, world_calls_max, world_content_max);
    if (world.left_out > 0) importer.warn("a file that was there before was left out", world.left_out);
    calls.insert(calls.begin(), std::make_move_iterator(world.calls.begin()), std::make_move_iterator(world.calls.end()));
  }
  for (size_t index = 0; index < calls.size(); ++index) {
    if (importer.full()) {
      importer.warn("a call beyond the bound of a program was left out", calls.size() - index);
      break;
    }
    importer.add(calls[index]);
  }
  return importer.take();
}

}  // namespace cupel::fuzz
