#!/usr/bin/env python3
"""What the fuzzing services check of a build, without the services: runs build.sh for each engine and sanitizer as they would, and
holds every target in $OUT against their contract.

  check.py [--only ENGINE/SANITIZER]

A target must start from another folder with only /tmp writable, run its seeds without a finding, carry the instrumentation of its
build (libFuzzer: enough edges; AFL++: its signature; coverage: a profile) and no other sanitizer, and have a name that the services take."""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EDGES_MIN = 500
COMMON = "-O1 -fno-omit-frame-pointer -gline-tables-only"
SANITIZERS = {
    "address": "-fsanitize=address -fsanitize-address-use-after-scope",
    "undefined": "-fsanitize=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,returns-nonnull-attribute,"
                 "shift,signed-integer-overflow,unsigned-integer-overflow,unreachable,vla-bound,vptr -fno-sanitize-recover=undefined",
    "coverage": "-fprofile-instr-generate -fcoverage-mapping",
}
AFL_FOLDER = next((folder for folder in map(pathlib.Path, ("/usr/lib/afl", "/usr/local/lib/afl")) if (folder / "libAFLDriver.a").exists()), None)
# What in a program tells of a sanitizer's run-time.
MARKS = {"address": b"__asan_report_load1", "undefined": b"__ubsan_handle_type_mismatch"}
BUILDS = ["libfuzzer/address", "libfuzzer/undefined", "afl/address", "libfuzzer/coverage"]


def environment(engine, sanitizer, scratch):
    flags, library = SANITIZERS[sanitizer], "-fsanitize=fuzzer"
    if engine == "afl":
        flags += " -fsanitize-coverage=trace-pc-guard,trace-cmp"
        library = f"{AFL_FOLDER}/libAFLDriver.a;{AFL_FOLDER}/afl-compiler-rt.o"
    elif sanitizer != "coverage":
        flags += " -fsanitize=fuzzer-no-link"
    folders = {name: str(scratch / name.lower()) for name in ("SRC", "OUT", "WORK")}
    for folder in folders.values():
        pathlib.Path(folder).mkdir(parents=True)
    (scratch / "src/cupel").symlink_to(ROOT)
    return {**os.environ, **folders, "CC": "clang-19", "CXX": "clang++-19", "CFLAGS": f"{COMMON} {flags}", "CXXFLAGS": f"{COMMON} {flags}",
            "LIB_FUZZING_ENGINE": library, "SANITIZER": sanitizer, "FUZZING_ENGINE": engine, "ARCHITECTURE": "x86_64"}


def run(program, *arguments, cwd, env=None):
    """In a mount namespace where only /tmp can be written, as on the services' machines."""
    script = 'mount --make-rprivate / && mount --bind /tmp /tmp && mount -o remount,bind,ro / && exec "$@"'
    return subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", str(program), *map(str, arguments)], cwd=cwd, env=env, capture_output=True, text=True,
                          timeout=300, errors="replace")


def check_target(target, engine, sanitizer, scratch):
    """The complaints about one program of $OUT."""
    complaints = []
    binary = target.read_bytes()
    if not re.fullmatch(r"[A-Za-z0-9_-]+", target.name):
        complaints.append("its name has a letter that the services do not take")
    for name, mark in MARKS.items():
        if name != sanitizer and not (name == "undefined" and sanitizer == "address") and mark in binary:
            complaints.append(f"it carries {name} in a build for {sanitizer}")
    if sanitizer in MARKS and MARKS[sanitizer] not in binary and sanitizer != "undefined":
        complaints.append(f"it does not carry {sanitizer}")
    seeds = scratch / f"seeds-{target.name}"
    with zipfile.ZipFile(target.with_name(target.name + "_seed_corpus.zip")) as archive:
        archive.extractall(seeds)
    files = sorted(seeds.iterdir())
    if not files:
        complaints.append("it has no seeds")
    if engine == "afl":
        if b"##SIG_AFL_PERSISTENT##" not in binary:
            complaints.append("it does not carry AFL++'s signature")
        done = run(target, *files, cwd="/", env={**os.environ, "AFL_DRIVER_DONT_DEFER": "1"})
    else:
        env = {**os.environ, "LLVM_PROFILE_FILE": str(scratch / f"{target.name}.profraw")}
        done = run(target, "-runs=0", seeds, cwd="/", env=env)
        if sanitizer == "coverage":
            if not (scratch / f"{target.name}.profraw").exists():
                complaints.append("it wrote no profile")
        else:
            edges = re.search(r"\((\d+) inline 8-bit counters\)", done.stderr)
            if not edges or int(edges[1]) < EDGES_MIN:
                complaints.append(f"it has {edges[1] if edges else 'no'} instrumented edges; {EDGES_MIN} wanted")
    if done.returncode != 0:
        complaints.append(f"its seeds end with status {done.returncode}: {done.stderr[-600:]}")
    return complaints


def check(build, scratch):
    engine, sanitizer = build.split("/")
    done = subprocess.run([ROOT / "ci/oss-fuzz/build.sh"], env=environment(engine, sanitizer, scratch), capture_output=True, text=True)
    if done.returncode != 0:
        return 0, [f"{build}: build.sh ended with status {done.returncode}: {(done.stdout + done.stderr)[-1500:]}"]
    targets = sorted(file for file in (scratch / "out").iterdir() if file.is_file() and os.access(file, os.X_OK))
    complaints = [f"{build}: {target.name}: {what}" for target in targets for what in check_target(target, engine, sanitizer, scratch)]
    if not targets:
        complaints.append(f"{build}: no target was built")
    return len(targets), complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=BUILDS, action="append")
    failed = False
    for build in parser.parse_args().only or BUILDS:
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="cupel-oss-fuzz-"))
        try:
            count, complaints = check(build, scratch)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        print(f"{build}: {count} targets, {len(complaints)} complaints", flush=True)
        for line in complaints:
            print(line, file=sys.stderr)
        failed = failed or bool(complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
