#!/usr/bin/env python3
"""The secure guest's freestanding objects and the images linked of them: no libc symbol, no x87, MMX or SSE register anywhere (an
exception handler saves none), no section or segment that can be written and executed. Usage: check_bare_objects.py"""
import pathlib
import re
import subprocess
import sys

import check_freestanding

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIBRARIES = ("libcupel_snp.a", "libcupel_snp_real.a", "libcupel_snp_boot_data.a", "libcupel_lvbs.a", "libcupel_lvbs_real.a")
IMAGES = ("snp.elf", "snp-testing.elf")
VECTOR = re.compile(r"%(?:[xyz]mm\d+|mm\d|st\b)|^\s*(?:fld|fst|fxsave|fxrstor|fninit|emms|ldmxcsr|stmxcsr)")


# How the image keeps a guest's x87 and vector state: moved as a whole, and computed with nowhere.
MOVES_STATE = re.compile(r": (?:fxsave64|fxrstor64|fninit)\b")


def vector_uses(disassembly: str) -> list[str]:
    """Instructions of `llvm-objdump -d --no-show-raw-insn` that touch x87, MMX or SSE state, each with its function."""
    found, function = [], ""
    for line in disassembly.splitlines():
        if match := re.match(r"^[0-9a-f]+ <(.+)>:$", line):
            function = match[1]
        elif match := re.match(r"^\s*[0-9a-f]+:\s+(.*)$", line):
            if VECTOR.search(match[1]):
                found.append(f"{function}: {match[1].strip()}")
    return found


def writable_and_executable(sections: str) -> list[str]:
    """Names of sections whose flags in `llvm-readelf --sections --wide` hold both W and X."""
    found = []
    for line in sections.splitlines():
        match = re.match(r"^\s*\[\s*\d+\]\s+(\S+)\s+\S+\s+[0-9a-f]+\s+[0-9a-f]+\s+[0-9a-f]+\s+[0-9a-f]+\s+([A-Za-z]+)\s", line)
        if match and "W" in match[2] and "X" in match[2]:
            found.append(match[1])
    return found


def bad_segments(segments: str) -> list[str]:
    """Complaints about `llvm-readelf --segments --wide`: segments that are both, and what only a dynamic linker asks for."""
    found = []
    for line in segments.splitlines():
        match = re.match(r"^\s*([A-Z_]+)\s+0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ ([RWE ]{3})", line)
        if match and ("W" in match[2] and "E" in match[2] or match[1] in ("INTERP", "DYNAMIC")):
            found.append(" ".join(match.groups()))
    return found


def compiled(source: str, *flags: str) -> str:
    """The path of an object made of this source."""
    out = ROOT / "build/freestanding/planted.o"
    subprocess.run(["clang++-19", "-x", "c++", "-", "-c", "-O2", "-o", out, *flags], input=source, text=True, check=True)
    return str(out)


def said(*command) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def look_at(path: str) -> list[str]:
    uses = [f"vector or x87 state: {use}" for use in vector_uses(said("llvm-objdump-19", "-d", "--demangle", "--no-show-raw-insn", path))]
    return uses + [f"writable and executable: {name}" for name in writable_and_executable(said("llvm-readelf-19", "--sections", "--wide", path))]


def look_at_image(path: str) -> list[str]:
    wrong = [complaint for complaint in look_at(path) if not MOVES_STATE.search(complaint)]
    wrong += [f"segment: {segment}" for segment in bad_segments(said("llvm-readelf-19", "--segments", "--wide", path))]
    return wrong + [f"nothing defines {line.split()[-1]}" for line in said("llvm-nm-19", "--undefined-only", path).splitlines()]


def linked(source: str, *flags: str) -> str:
    """The path of a program linked of this source."""
    out = ROOT / "build/freestanding/planted.elf"
    subprocess.run(["ld.lld-19", "-o", out, "--entry=start", "--unresolved-symbols=ignore-all", *flags, compiled(source)], check=True)
    return str(out)


def check_that_it_sees() -> list[str]:
    """Planted: a sum of floating point numbers, a section that is both, and an image with such a segment and a symbol of a libc."""
    floating = look_at(compiled("double sum(double a, double b) { return a + b; }"))
    long_double = look_at(compiled("long double sum(long double a, long double b) { return a + b; }"))
    both = look_at(compiled('asm(".section both, \\"awx\\", @progbits\\n .byte 0x90\\n");'))
    start = 'extern "C" int puts(const char*); int data = 1; extern "C" int start() { return data; }'
    segment = bad_segments(said("llvm-readelf-19", "--segments", "--wide", linked(start, "--omagic")))
    symbol = look_at_image(linked(start.replace("return data", "return puts(nullptr)")))
    summing = look_at_image(linked('extern "C" double start(double a) { return a + a; }'))
    planted = {"SSE": floating, "x87": long_double, "a section that is both": both, "a segment that is both": segment,
               "a symbol of a libc": symbol == ["nothing defines puts"], "SSE in an image": summing}
    if innocent := look_at_image(linked(start)):
        return [f"an innocent image is accused: {innocent}"]
    return [name for name, seen in planted.items() if not seen]


def main() -> int:
    if check_freestanding.main() != 0:
        return 1
    if unseen := check_that_it_sees():
        print("planted and not seen:", ", ".join(unseen))
        return 1
    wrong = 0
    for name, look in [*((name, look_at) for name in LIBRARIES), *((name, look_at_image) for name in IMAGES)]:
        (path,) = (ROOT / "build/freestanding").rglob(name)
        if len(re.findall(r"^\s*[0-9a-f]+:", said("llvm-objdump-19", "-d", str(path)), re.MULTILINE)) < 20:
            print(name, "holds next to no code: is it still built?")
            wrong += 1
        for complaint in look(str(path)):
            print(f"{name}: {complaint}")
            wrong += 1
    print(f"{len(LIBRARIES)} libraries of the secure guest and {len(IMAGES)} images, {wrong} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
