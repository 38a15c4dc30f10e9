#!/usr/bin/env python3
"""docs/add-a-syscall.md is true: its own snippets, each put into the file it names, make a syscall, and nothing else is touched.
Then `describe` lists it, a text program with it replays as the page says, and the generator makes it.
Usage: add_a_syscall_test.py BUILD_FOLDER. Two changed files are compiled and linked before what is built there."""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/add-a-syscall.md"


def fail(message):
    print(f"add_a_syscall_test: {message}", file=sys.stderr)
    sys.exit(1)


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    if done.returncode != 0:
        fail(f"{' '.join(map(str, command))} ended with status {done.returncode}:\n{(done.stdout + done.stderr)[-4000:]}")
    return done.stdout


def blocks_of(page):
    """The page's code blocks by the name in their first line: {"shims/...": text}."""
    blocks = {}
    for indent, body in re.findall(r"^( *)```\w*\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL):
        lines = [line.removeprefix(indent) for line in body.splitlines()]
        name = re.fullmatch(r"(?://|#) (\S+)", lines[0])
        if name:
            blocks[name[1]] = "\n".join(lines[1:]) + "\n"
    return blocks


def with_line_in_order(table, line):
    """The table with the entry before the first one of a larger number."""
    number = int(re.search(r">\((\d+),", line)[1])
    if f'({number}, "' in table:
        fail(f"call {number} is in the table already: the page needs another example")
    for entry in re.finditer(r"^    call_entry<[^>]+>\((\d+),.*$", table, re.MULTILINE):
        if int(entry[1]) > number:
            return table[:entry.start()] + line + table[entry.start():]
    fail("the table has no call of a larger number")


def with_block_at_end(text, block):
    end = text.rindex("\n}  // namespace")
    return text[:end] + "\n" + block + text[end:]


def compiled(build, scratch, name):
    """The object of a file in `scratch`, by the command that compiles the one it stands for."""
    entry = next(entry for entry in json.loads((build / "compile_commands.json").read_text()) if entry["file"] == str(ROOT / name))
    command = shlex.split(entry["command"])
    made = scratch / (pathlib.Path(name).stem + ".o")
    command[command.index("-c") + 1] = str(scratch / name)
    command[command.index("-o") + 1] = str(made)
    first = next(index for index, word in enumerate(command) if word.startswith("-I"))
    command.insert(first, f"-I{scratch}")
    run(*command, cwd=entry["directory"])
    return made


def linked(build, scratch, name, objects):
    """A program of the build with `objects` in place of its own."""
    link = run("ninja", "-C", build, "-t", "commands", name).strip().splitlines()[-1]
    if f" -o {name} " not in link:
        fail(f"the last command for {name} does not link it: {link}")
    made = scratch / pathlib.Path(name).name
    run("bash", "-c", link.replace(f" -o {name} ", f" {' '.join(map(str, objects))} -o {made} "), cwd=build)
    return made


def main():
    build = pathlib.Path(sys.argv[1]).absolute()
    blocks = blocks_of(PAGE.read_text())
    files = [name for name in blocks if "/" in name]
    table = [name for name in files if name.endswith("table.cc")]
    handler = {str(pathlib.Path(name).with_suffix("")) for name in files if name not in table}
    if len(table) != 1 or len(handler) != 1 or "program.txt" not in blocks or "trace" not in blocks:
        fail(f"the page should show one handler's file, one table line, a program and its trace; it shows {sorted(blocks)}")
    if blocks[table[0]].count("\n") != 1:
        fail("the page shows more than one line for the table")
    name = re.search(r'"(\w+)"', blocks[table[0]])[1]
    with tempfile.TemporaryDirectory(prefix="cupel-syscall-") as folder:
        show(build, pathlib.Path(folder), blocks, files, name)


def show(build, scratch, blocks, files, name):
    for file in files:
        insert = with_line_in_order if file.endswith("table.cc") else with_block_at_end
        (scratch / file).parent.mkdir(parents=True, exist_ok=True)
        (scratch / file).write_text(insert((ROOT / file).read_text(), blocks[file]))
    objects = [compiled(build, scratch, file) for file in files if file.endswith(".cc")]
    cupel = linked(build, scratch, "cli/cupel", objects)
    corpus = linked(build, scratch, "targets/cupel_corpus", objects)

    calls = {call["name"]: call for call in json.loads(run(cupel, "describe", "linux", "--json"))["calls"]}
    if name not in calls:
        fail(f"describe does not list {name}")
    if not {"EBADF", "ESPIPE"} <= set(calls[name]["errnos"]):
        fail(f"describe says of {name}'s errors only {calls[name]['errnos']}")
    program = scratch / "program.txt"
    program.write_text(blocks["program.txt"])
    trace = run(cupel, "replay", "--target", "linux_program", "--without", "model", program)
    if blocks["trace"] not in trace:
        fail(f"the trace is not the page's:\n{trace}")
    generated = run(corpus, "--generated", "1000", "--print", "linux_program")
    count = len(re.findall(rf"\b{name}\(", generated))
    if count < 20:
        fail(f"{name} is in 1,000 generated programs {count} times")
    print(f"{name}: listed, replayed, and generated {count} times in 1,000 programs")


if __name__ == "__main__":
    main()
