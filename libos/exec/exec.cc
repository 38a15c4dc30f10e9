#include "libos/exec/exec.hh"

#include <algorithm>

#include "libos/exec/initial_stack.hh"
#include "libos/exec/script.hh"
#include "libos/fs/file_system.hh"
#include "libos/fs/fs_context.hh"
#include "libos/machine/machine.hh"

namespace cupel::libos {
namespace {

using platform::Access;

constexpr unsigned scripts_max = 5;  // exec_binprm() of Linux's fs/exec.c: a sixth is ELOOP

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};  // SAFETY: characters may look at any bytes
}

// do_open_execat(): a regular file that may be executed, and that nobody is writing.
Result<Ref<RegularFile>> executable(const Task& task, const Ref<Inode>& inode) {
  if (!inode->is_regular()) return fail(Errno::acces);
  TRY(inode->allow(task.credentials, Permission::execute));
  if (inode->writer_count > 0) return fail(Errno::txtbsy);
  return Ref<RegularFile>(static_cast<RegularFile*>(inode.get()));
}

Result<Ref<RegularFile>> find_executable(const Task& task, std::string_view path) {
  const FsContext& fs = task.fs();
  return executable(task, TRY(task.machine().files().find({fs.root, fs.working, &task.credentials}, path, Follow::yes)));
}

// The file that scripts lead to. The path in a script's first line lives in that script's head, and is the next one's name.
Result<Ref<RegularFile>> follow_scripts(const Task& task, Ref<RegularFile> file, std::string_view name, Arguments& arguments) {
  std::array<std::array<std::byte, exec_head_size>, 2> heads;
  for (unsigned depth = 0;; ++depth) {
    auto& head = heads[depth % 2];
    const std::string_view text = as_text(std::span(head).first(TRY(read_file(*file, 0, head))));
    if (!looks_like_script(text)) return file;
    if (depth == scripts_max) return fail(Errno::loop);
    const ScriptLine line = TRY(parse_script_line(text));
    TRY(arguments.put_interpreter(line.interpreter, line.argument, name));
    file = TRY(find_executable(task, line.interpreter));
    name = line.interpreter;
  }
}

// PT_INTERP's file, mapped beside the program.
Result<LoadedFile> map_interpreter(const Task& task, AddressSpace& space, RegularFile& file, const ProgramHeaders& program) {
  std::array<std::byte, path_size_max> bytes;
  const auto path = std::span(bytes).first(program.interpreter_size);
  if (TRY(read_file(file, program.interpreter_offset, path)) != path.size() || path.back() != std::byte{}) return fail(Errno::noexec);
  const std::string_view text = as_text(path);
  const Ref<RegularFile> interpreter = TRY(find_executable(task, text.substr(0, text.find('\0'))));
  auto loaded = inspect(*interpreter);
  if (!loaded) return fail(Errno::libbad);
  TRY(map_segments(space, interpreter, *loaded));
  return loaded;
}

Result<> map_stack(AddressSpace& space, const Config& config, bool executable_stack) {
  const Access access = Access::read | Access::write | (executable_stack ? Access::execute : Access::none);
  const uint64_t pages = config.stack_size_max >> page_shift;
  return space.map({.start = (config.stack_top >> page_shift) - pages, .pages = pages, .access = access});
}

// bprm_fill_uid(): a set-id file's owner is who the program runs as.
Credentials credentials_for(const Inode& file, Credentials who) {
  if ((file.mode & 04000) != 0) who.euid = file.uid;
  if ((file.mode & 02010) == 02010) who.egid = file.gid;
  who.suid = who.euid, who.sgid = who.egid;
  return who;
}

}  // namespace

Result<NewProgram> prepare_program(Task& task, Ref<Inode> named, std::string_view name, Arguments& arguments) {
  if (arguments.argument_count() == 0) TRY(arguments.add_no_argument());
  const Ref<RegularFile> file = TRY(follow_scripts(task, TRY(executable(task, named)), name, arguments));
  LoadedFile program = TRY(inspect(*file));
  const Config& config = task.machine().config();
  NewProgram made;
  made.space = TRY(AddressSpace::create(task.machine()));
  made.credentials = credentials_for(*file, task.credentials);
  TRY(map_stack(*made.space, config, program.program.executable_stack));
  TRY(map_segments(*made.space, file, program));
  ProgramFacts facts{.program = &program, .credentials = made.credentials, .file_name = name, .random = {}};
  made.entry = program.entry();
  if (program.program.interpreter_size > 0) {
    const LoadedFile interpreter = TRY(map_interpreter(task, *made.space, *file, program.program));
    facts.interpreter_bias = interpreter.bias;
    made.entry = interpreter.entry();
  }
  task.platform().random(facts.random);
  made.stack = TRY(write_initial_stack(*made.space, config, arguments, facts));
  return made;
}

void become(Task& task, NewProgram&& program) {
  const platform::GuestRegisters registers{.rip = program.entry, .rsp = program.stack};
  task.credentials = program.credentials;
  // The platform first: once the task lets go of its old space, nobody may stand in it.
  task.platform().replace(task.tid(), program.space->id(), registers);
  task.start_program(std::move(program.space));
}

}  // namespace cupel::libos
