#!/usr/bin/env python3
"""Shows that an input has one trace: every seed and some generated inputs, run many times over in processes that differ in
working folder, environment and address layout, by every build given, must give the same trace hashes and no finding.

  check_replay.py [--repeat N] [--processes N] [--generated N] [--target NAME] BUILD_FOLDER...

N repetitions of each input in each build are spread over the processes. A build older than its sources is left out, and said so;
the first one must not be."""
import argparse
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ["libos", "shims", "platforms", "fuzz", "props"]


def complain(message):
    print(f"check_replay: {message}", file=sys.stderr)
    sys.exit(2)


def is_stale(program):
    built = program.stat().st_mtime
    return any(file.stat().st_mtime > built for folder in SOURCES for file in (ROOT / folder).rglob("*.[ch][ch]"))


def targets_of(program):
    """All that can run here, but for the canary, which has to fail."""
    names = subprocess.run([str(program), "--list"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    return [name for name in names if name != "canary"]


def seeds_of(target):
    """As campaigns choose them: those of the target and those of its family."""
    folders = [ROOT / "corpus/seeds" / name for name in (target, target.split("_")[0])]
    return [folder for folder in folders if folder.is_dir()]


def surroundings(index, scratch):
    """The index-th working folder, environment and way to start a program."""
    folders = [ROOT, pathlib.Path("/"), scratch]
    environments = [dict(os.environ), {}, {"LANG": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu", "HOME": "/none"}, {"PADDING": "x" * (1000 * index + 17)}]
    environment = {**environments[index % len(environments)], "MALLOC_PERTURB_": str(index % 256)}
    # Nearly all with address randomisation; one without, whose hashes must be the same.
    prefix = ["setarch", platform.machine(), "--addr-no-randomize"] if index == 1 else []
    return folders[index % len(folders)], environment, prefix


def hashes(program, target, arguments, index, scratch):
    """What each input gave, and what was said: (hashes, lines)."""
    folder, environment, prefix = surroundings(index, scratch)
    done = subprocess.run([*prefix, str(program), *arguments, target, *map(str, seeds_of(target))], cwd=folder, env=environment, capture_output=True, text=True)
    lines = done.stderr.splitlines()
    if done.returncode not in (0, 1) or (done.returncode == 1 and not lines):
        lines.append(f"ended with status {done.returncode}")
    return dict(reversed(line.split(" ", 1)) for line in done.stdout.splitlines()), lines


def check(target, programs, options):
    """How many inputs a target had, and the complaints: failures, and findings among what was generated."""
    seen, failures, generated = {}, set(), set()
    arguments = ["--repeat", str(-(-options.repeat // options.processes)), "--generated", str(options.generated)]
    with tempfile.TemporaryDirectory(prefix="cupel-replay-") as scratch:
        for program in programs:
            for index in range(options.processes):
                found, lines = hashes(program, target, arguments, index, pathlib.Path(scratch))
                for line in lines:
                    # That an oracle objects to a generated input is for campaigns to say; here it is to have one trace.
                    is_generated = line.startswith("cupel_corpus: generated-") and "its trace changed" not in line
                    (generated if is_generated else failures).add(f"{target}, {program}: {line}")
                for name, value in found.items():
                    seen.setdefault(name, {}).setdefault(value, f"{program}, process {index}")
    for name, values in seen.items():
        if len(values) > 1:
            failures.add(f"{target}: {name} has {len(values)} traces: " + "; ".join(f"{value} ({where})" for value, where in values.items()))
    if not seen:
        failures.add(f"{target}: nothing was run")
    return len(seen), failures, generated


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("builds", metavar="BUILD_FOLDER", nargs="+", type=pathlib.Path)
    parser.add_argument("--repeat", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=20)
    parser.add_argument("--generated", type=int, default=50)
    parser.add_argument("--target", action="append", dest="targets")
    options = parser.parse_args()
    programs = []
    for number, build in enumerate(options.builds):
        program = (build / "targets/cupel_corpus").absolute()
        if not program.exists() or is_stale(program):
            message = f"{program} is not built or older than its sources"
            if number == 0:
                complain(message)
            print(f"check_replay: left out: {message}", file=sys.stderr)
            continue
        programs.append(program)
    randomised = pathlib.Path("/proc/sys/kernel/randomize_va_space").read_text().strip()
    if randomised == "0":
        complain("address randomisation is off on this machine: /proc/sys/kernel/randomize_va_space")
    failed = False
    for target in options.targets or targets_of(programs[0]):
        inputs, failures, generated = check(target, programs, options)
        runs = inputs * len(programs) * options.processes * -(-options.repeat // options.processes)
        print(f"{target}: {inputs} inputs, {runs} runs in {len(programs) * options.processes} processes of {len(programs)} builds: "
              f"{'NOT one trace each' if failures else 'one trace each'}", flush=True)
        for line in sorted(failures):
            print(f"check_replay: {line}", file=sys.stderr)
        for line in sorted(generated):
            print(f"check_replay: an oracle objects, which is no failure here: {line}", file=sys.stderr)
        failed = failed or bool(failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
