#include "fuzz/program/generate.hh"

#include <algorithm>
#include <bit>
#include <cstring>

#include "fuzz/program/normal_form.hh"
#include "fuzz/program/values.hh"

namespace cupel::fuzz {

using interface::ArgDesc;
using interface::Kind;
using interface::Resource;

namespace {

constexpr unsigned depth_max = 3;      // producers of producers
constexpr uint32_t look_percent = 30;
constexpr uint32_t plain_percent = 80;  // of what is made only because another call needs it
constexpr size_t favourites_max = 6;
constexpr ResourceSet texts = ResourceSet{1} << 31;  // no resource's bit: texts of which some are usual
constexpr ResourceSet names = 1;  // the bit of Resource::none, which nobody wants: arguments that are paths

// How often, of a hundred, a missing resource is made first.
uint32_t eagerness(Resource resource) {
  switch (resource) {
    case Resource::none: return 0;
    case Resource::task: return 15;
    case Resource::mapping: return 50;
    default: return 80;
  }
}

ResourceSet about(const ArgDesc& desc) {
  if (desc.kind == Kind::path) return names;
  if (desc.kind == Kind::string && !desc.values.empty()) return texts;
  return set_of(wanted(desc.kind, desc.resource)) & static_cast<ResourceSet>(~names);
}
// Whether who speaks of the one may speak of the other's.
bool meet(ResourceSet one, ResourceSet other) {
  constexpr ResourceSet any = set_of(Resource::any);
  constexpr ResourceSet descriptors = descriptor_resources;
  return (one & other) != 0 || ((one & any) != 0 && (other & descriptors) != 0) || ((other & any) != 0 && (one & descriptors) != 0);
}
void append_name(std::string_view name, std::vector<std::byte>& out) {
  const auto text = std::as_bytes(std::span(name));
  out.insert(out.end(), text.begin(), text.end());
  out.push_back(std::byte{0});
}
// One of the things in the set.
ResourceSet one_of(Random& random, ResourceSet all) {
  if (all == 0) return 0;
  for (uint32_t left = random.below(static_cast<uint32_t>(std::popcount(all))); left > 0; --left) all &= all - 1;
  return all & (~all + 1);
}
bool tells(Kind kind) { return kind == Kind::out || kind == Kind::out_buffer || kind == Kind::out_vector; }

}  // namespace

std::optional<ResultRef> find_result(const Grammar& grammar, Random& random, const Program& program, size_t end, ResourceSet wanted) {
  end = std::min(end, program.steps.size());
  if (end == 0 || wanted == 0) return std::nullopt;
  size_t index = random.below(static_cast<uint32_t>(end));
  for (size_t left = end; left > 0; --left, index = index == 0 ? end - 1 : index - 1) {
    const Results& results = grammar.results(program.steps[index].call);
    if ((results.all & wanted) == 0) continue;
    uint8_t slot = static_cast<uint8_t>(random.below(results.count));
    while ((set_of(results.resources[slot]) & wanted) == 0) slot = static_cast<uint8_t>((slot + 1u) % results.count);
    return ResultRef{static_cast<uint16_t>(index), slot};
  }
  return std::nullopt;
}

Generator::Generator(const Grammar& grammar) : grammar_(grammar) {
  for (uint16_t call = 0; call < grammar.call_count(); ++call) {
    const interface::CallDesc& desc = grammar.call(call);
    PathUse use{.paths = static_cast<uint8_t>(std::ranges::count(desc.args(), Kind::path, &ArgDesc::kind))};
    // Who says that a path exists already would have made it.
    use.makes = use.paths > 0 && std::ranges::find(desc.errnos, Errno::exist) != desc.errnos.end();
    path_uses_.push_back(use);
    if (use.makes) namers_.push_back(call);
    if (desc.blocks) waiters_.push_back(call);
    ResourceSet all = 0;
    for (const ArgDesc& arg : desc.args()) all |= about(arg);
    abouts_.push_back(all);
    if (all != 0 && grammar.results(call).all == 0 && std::ranges::any_of(desc.args(), tells, &ArgDesc::kind)) lookers_.push_back(call);
  }
}

void Generator::generate(Random& random, Program& out) {
  generate(random, random.one_in(4) ? random.between(8, 40) : random.between(1, 12), out);
}

void Generator::generate(Random& random, size_t steps, Program& out) {
  out.clear();
  available_ = 0;
  named_ = false;
  steps = grammar_.call_count() == 0 ? 0 : std::min<size_t>(steps, steps_max);
  std::array<uint16_t, favourites_max> favourites;
  const auto spawners = grammar_.producers(Resource::task);
  // Several tasks are there to wait for each other.
  const bool together = !spawners.empty() && !waiters_.empty() && random.percent(20);
  const uint16_t wait = together ? random.pick(waiters_) : uint16_t{0};
  const ResourceSet theme = together ? abouts_[wait] : random.percent(55) ? one_of(random, abouts_[pick_call(random)]) : 0;
  for (uint16_t& favourite : favourites) favourite = pick_favourite(random, theme);
  if (together) favourites[0] = wait;
  const size_t favourite_count = random.between(1, favourites_max);
  if (together) {
    for (const ArgDesc& arg : grammar_.call(wait).args()) append_producer(random, arg, 0, steps, out);  // to be shared
    append(random, random.pick(spawners), 0, steps, out);
  }
  while (out.steps.size() < steps) {
    const bool favourite = random.percent(60);
    append(random, favourite ? favourites[random.below(static_cast<uint32_t>(favourite_count))] : pick_favourite(random, theme), 0, steps, out);
    if (random.percent(look_percent)) append_look(random, steps, out);
  }
  vary_circumstances(random, out);
  settle_circumstances(grammar_, out);
}

// A call that is about what `theme` is about, where there is one.
uint16_t Generator::pick_favourite(Random& random, ResourceSet theme) const {
  uint16_t call = pick_call(random);
  for (int tries = 8; tries > 0 && theme != 0 && !meet(abouts_[call], theme); --tries) call = pick_call(random);
  return call;
}

// A call that tells of what the last one dealt with: what went wrong there may show nowhere else.
void Generator::append_look(Random& random, size_t steps, Program& out) {
  if (out.steps.empty() || out.steps.size() >= steps || lookers_.empty()) return;
  const size_t index = out.steps.size();
  const Step last = out.steps.back();
  const auto last_args = grammar_.call(last.call).args();
  for (int tries = 8; tries > 0; --tries) {
    const size_t from = last_args.empty() ? 0 : random.below(static_cast<uint32_t>(last_args.size()));
    const uint16_t call = random.pick(lookers_);
    if (last_args.empty() || !meet(abouts_[call], about(last_args[from]))) continue;
    const interface::CallDesc& desc = grammar_.call(call);
    Step step{.call = call, .task = last.task};
    bool same = false;
    for (size_t arg = 0; arg < desc.arg_count; ++arg) {
      bytes_.clear();
      if (!same && meet(about(desc.arg_array[arg]), about(last_args[from]))) {
        const auto held = bytes_of(out, last.args[from]);
        bytes_.assign(held.begin(), held.end());
        step.args[arg] = last.args[from];
        same = true;
      } else {
        step.args[arg] = make_arg(random, out, index, desc.arg_array[arg], bytes_);
      }
      settle(grammar_, desc.arg_array[arg], index, bytes_, step.args[arg], out);
    }
    out.steps.push_back(step);
    return;
  }
}

void Generator::append(Random& random, uint16_t call, unsigned depth, size_t steps, Program& out) {
  const interface::CallDesc& desc = grammar_.call(call);
  if (depth < depth_max) {
    for (const ArgDesc& arg : desc.args()) append_producer(random, arg, depth, steps, out);
    // What is to be looked at, moved or removed has to be there.
    const bool wants_a_name = path_uses_[call].paths > (path_uses_[call].makes ? 1 : 0);
    if (wants_a_name && !named_ && !namers_.empty() && random.percent(60)) append(random, random.pick(namers_), depth_max, steps, out);
  }
  if (out.steps.size() >= steps) return;
  const size_t index = out.steps.size();
  Step step{.call = call, .task = pick_task(random, out, index)};
  plain_ = depth > 0 && random.percent(plain_percent);
  for (size_t arg = 0; arg < desc.arg_count; ++arg) {
    bytes_.clear();
    step.args[arg] = make_arg(random, out, index, desc.arg_array[arg], bytes_);
    settle(grammar_, desc.arg_array[arg], index, bytes_, step.args[arg], out);
  }
  plain_ = false;
  out.steps.push_back(step);
  available_ |= grammar_.results(call).all;
  named_ = named_ || path_uses_[call].makes;
}

// Makes what the argument will want, unless there is one already.
void Generator::append_producer(Random& random, const ArgDesc& desc, unsigned depth, size_t steps, Program& out) {
  Resource resource = wanted(desc.kind, desc.resource);
  if (desc.element != nullptr && has_bytes(shape_of(desc.kind))) {
    for (const auto& field : desc.element->fields) {
      if (is_reference_field(field)) resource = wanted(field.kind, field.resource);
    }
  }
  if ((available_ & fitting(resource)) != 0 || !random.percent(eagerness(resource))) return;
  const auto producers = grammar_.producers(resource);
  if (producers.empty()) return;
  uint16_t producer = random.pick(producers);
  // One that makes the very thing is better than one that makes what might be it.
  for (int tries = 3; tries > 0 && (grammar_.results(producer).all & set_of(resource)) == 0; --tries) producer = random.pick(producers);
  append(random, producer, depth + 1, steps, out);
}

uint8_t Generator::pick_task(Random& random, const Program& program, size_t at) const {
  uint32_t tasks = 1;
  for (size_t index = 0; index < std::min(at, program.steps.size()); ++index) {
    if (grammar_.results(program.steps[index].call).resources.front() == Resource::task) ++tasks;
  }
  if (tasks == 1 || random.percent(40)) return 0;
  return static_cast<uint8_t>(random.below(std::min<uint32_t>(tasks, tasks_max)));
}

Arg Generator::make_scalar(Random& random, const Program& program, size_t at, const ArgDesc& desc) const {
  const Resource resource = wanted(desc.kind, desc.resource);
  std::optional<ResultRef> ref;
  if (resource != Resource::none) {
    const bool is_folder = desc.kind == Kind::dir_fd;  // mostly the working one
    const bool found_first = random.percent(is_folder ? 35 : resource == Resource::mapping ? 65 : 88);
    if (found_first) ref = find_result(grammar_, random, program, at, fitting(resource));
    else if (random.one_in(is_folder ? 8 : 2)) ref = find_result(grammar_, random, program, at, static_cast<ResourceSet>(~1u));
  } else if (random.one_in(50) && at > 0) {
    ref = ResultRef{static_cast<uint16_t>(random.below(static_cast<uint32_t>(at))), 0};
  }
  if (!ref && plain_ && desc.kind == Kind::flags) return {.value = desc.usual.empty() ? 0 : random.pick(desc.usual)};
  if (!ref && plain_ && desc.kind == Kind::length) return {.value = 4096 * (1 + random.below_low(4))};
  if (!ref && plain_ && desc.kind == Kind::offset) return {.value = 4096 * random.below_low(3)};
  if (!ref) return {.value = interesting_number(random, desc.kind, desc.low, desc.high, desc.values, desc.usual)};
  Arg arg{.form = Form::result, .ref = *ref};
  if (desc.kind == Kind::address && random.one_in(3)) arg.value = random.one_in(8) ? nudged(random, 4096) : 4096 * random.below_low(5);
  return arg;
}

Arg Generator::make_place(Random& random, const Program& program, size_t at, const ArgDesc& desc) const {
  Arg arg;
  if (desc.optional && random.percent(35)) arg.place = Place::null;
  if (arg.place == Place::null || plain_) return arg;
  // Where there are mappings they are to be read and written as well.
  const bool mapped = (available_ & set_of(Resource::mapping)) != 0 && random.percent(15);
  if (!mapped && !random.percent(9)) return arg;
  arg.place = mapped ? Place::mapping : Place(random.below(static_cast<uint32_t>(Place::beyond) + 1));
  if (arg.place == Place::edge) arg.value = random.below_low(64);
  if (arg.place != Place::mapping) return arg;
  const auto mapping = find_result(grammar_, random, program, at, set_of(Resource::mapping));
  if (mapping) arg.ref = *mapping, arg.value = random.one_in(2) ? 0 : 8 * random.below(1024);
  else arg.place = Place::slot;
  return arg;
}

uint64_t Generator::field_value(Random& random, const Program& program, size_t at, const interface::FieldDesc& field) const {
  if (is_reference_field(field) && random.percent(88)) {
    const auto ref = find_result(grammar_, random, program, at, fitting(wanted(field.kind, field.resource)));
    if (ref) return static_cast<uint64_t>(ref_code(*ref));
  }
  return interesting_number(random, field.kind, field.is_signed ? -1 : 0, 16, field.values, field.usual);
}

void Generator::make_structs(Random& random, const Program& program, size_t at, const interface::StructDesc& element, size_t count,
                             std::vector<std::byte>& bytes) const {
  for (; count > 0; --count) {
    const size_t start = bytes.size();
    bytes.resize(start + element.size);
    for (const interface::FieldDesc& field : element.fields) {
      const uint64_t value = field_value(random, program, at, field);
      std::memcpy(bytes.data() + start + field.offset, &value, std::min<size_t>(field.size, sizeof(value)));
    }
  }
}

// A path that a call before named last, rather one that it made: who makes a folder, and who removes it, should mean the
// same one.
bool Generator::append_earlier_path(Random& random, const Program& program, size_t at, std::vector<std::byte>& bytes) const {
  at = std::min(at, program.steps.size());
  if (at == 0) return false;
  const bool any = random.one_in(4);
  size_t index = random.below(static_cast<uint32_t>(at));
  for (size_t left = at; left > 0; --left, index = index == 0 ? at - 1 : index - 1) {
    const Step& step = program.steps[index];
    const PathUse& use = path_uses_[step.call];
    if (any ? use.paths == 0 : !use.makes) continue;
    const interface::CallDesc& call = grammar_.call(step.call);
    size_t arg = call.arg_count - 1u;
    while (call.arg_array[arg].kind != Kind::path) --arg;
    const auto path = bytes_of(program, step.args[arg]);
    bytes.insert(bytes.end(), path.begin(), path.end());
    return true;
  }
  return false;
}

Arg Generator::make_arg(Random& random, const Program& program, size_t at, const ArgDesc& desc, std::vector<std::byte>& bytes) const {
  const Shape shape = shape_of(desc.kind);
  if (shape == Shape::scalar) return make_scalar(random, program, at, desc);
  Arg arg = make_place(random, program, at, desc);
  const size_t start = bytes.size();
  switch (shape) {
    case Shape::object: make_structs(random, program, at, *desc.element, 1, bytes); break;
    case Shape::text:
      if (!desc.values.empty() && !random.one_in(12)) {
        append_name(desc.values[random.below_low(static_cast<uint32_t>(desc.values.size()))].name, bytes);  // the first are the usual ones
        break;
      }
      if (desc.kind == Kind::path && random.percent(60) && append_earlier_path(random, program, at, bytes)) break;
      if (desc.kind == Kind::path) interesting_path(random, bytes);
      else interesting_text(random, bytes);
      break;
    case Shape::bytes: interesting_bytes(random, interesting_size(random), bytes); break;
    case Shape::array: make_structs(random, program, at, *desc.element, random.below_low(5), bytes); break;
    case Shape::vector: arg.value = interesting_vector(random, desc.kind == Kind::in_vector, bytes); break;
    default: break;
  }
  arg.blob_offset = static_cast<uint32_t>(start);
  arg.blob_size = shape == Shape::room ? interesting_size(random) : static_cast<uint32_t>(bytes.size() - start);
  if (is_counted(shape)) {
    if (shape != Shape::vector) arg.value = natural_count(desc, arg);
    if (arg.place == Place::mapping && shape != Shape::vector && random.one_in(2)) arg.value = 4096 * random.between(1, 3);
    if (random.one_in(16)) arg.value = random.one_in(2) ? nudged(random, arg.value) : interesting_number(random, Kind::size, 0, 0, {});
    if (shape == Shape::room && arg.place == Place::edge) arg.blob_size = random.below(arg.blob_size + 1);
  }
  return arg;
}

void Generator::vary_circumstances(Random& random, Program& program) const {
  if (random.percent(6)) {
    for (uint32_t left = random.between(1, 2); left > 0; --left) add_fault(random, program);
  }
  if (random.percent(4)) add_tamper(random, program);
  if (random.percent(6)) program.policy = Policy(random.between(1, 2)), program.seed = static_cast<uint32_t>(random.next());
  const bool tasks = std::ranges::any_of(program.steps, [](const Step& step) { return step.task != 0; });
  if (tasks && random.percent(85)) pick_schedule(random, program);
}

void Generator::add_fault(Random& random, Program& program) const {
  if (program.steps.empty()) return;
  const auto step = static_cast<uint16_t>(random.below(static_cast<uint32_t>(program.steps.size())));
  program.faults.push_back({step, FaultKind(random.below(3)), static_cast<uint16_t>(1 + random.below_low(6))});
}

void Generator::add_tamper(Random& random, Program& program) const {
  if (program.steps.empty()) return;
  const auto step = static_cast<uint16_t>(random.below(static_cast<uint32_t>(program.steps.size())));
  const uint8_t args = grammar_.call(program.steps[step].call).arg_count;
  // The first argument from a random one on that a call reads from memory.
  for (uint8_t left = args, arg = args == 0 ? uint8_t{0} : static_cast<uint8_t>(random.below(args)); left > 0; --left, arg = static_cast<uint8_t>((arg + 1u) % args)) {
    const uint32_t size = program.steps[step].args[arg].blob_size;
    if (size == 0 || !has_bytes(shape_of(grammar_.call(program.steps[step].call).arg_array[arg].kind))) continue;
    program.tampers.push_back({step, arg, static_cast<uint16_t>(random.below_low(size)), static_cast<uint8_t>(random.next())});
    return;
  }
}

void Generator::pick_schedule(Random& random, Program& program) const {
  program.scheduling = Scheduling(random.between(1, 2));
  program.seed = static_cast<uint32_t>(random.next());
  program.pct_depth = static_cast<uint8_t>(random.between(1, 5));
}

}  // namespace cupel::fuzz
