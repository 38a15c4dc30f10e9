#!/usr/bin/env python3
"""Builds libos, the shims and the secure guest side without a libc, and fails on a symbol they would need from one."""
import pathlib
import re
import subprocess
import sys

# What a freestanding environment must give: the memory functions that compilers emit calls to, and what a platform defines.
PROVIDED = {
    "memcpy", "memmove", "memset", "memcmp", "memchr", "strlen",
    "std::__glibcxx_assert_fail(char const*, int, char const*, char const*)",  # as check_failed
    "std::__throw_out_of_range_fmt(char const*, ...)",  # as check_failed: string_view::substr with a start beyond its end
    "__cxa_pure_virtual",  # terminates the machine
    "cupel::check_failed(char const*, char const*, int)",
}


def unmet(symbols: str) -> set[str]:
    """From `llvm-nm --demangle` output of all libraries: what is undefined in one, defined in none and not provided."""
    undefined, defined = set(), set()
    for line in symbols.splitlines():
        match = re.match(r"^[0-9a-f ]{16} (\w) (.+)$", line)
        if not match:
            continue
        (undefined if match[1] == "U" else defined).add(match[2])
    return undefined - defined - PROVIDED


def main() -> int:
    planted = unmet("                 U malloc\n0000000000000000 T f()\n                 U f()\n                 U memcpy\n")
    if planted != {"malloc"}:
        print("a planted libc symbol was not reported as expected:", planted)
        return 1
    root = pathlib.Path(__file__).resolve().parent.parent
    for command in (["cmake", "--preset", "freestanding"], ["ninja", "-C", "build/freestanding"]):
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stdout[-4000:], done.stderr[-4000:])
            return 1
    libraries = sorted((root / "build/freestanding").rglob("*.a"))
    if len(libraries) < 4:
        print("too few libraries were built:", libraries)
        return 1
    listed = subprocess.run(["llvm-nm-19", "--demangle", *map(str, libraries)], capture_output=True, text=True, check=True)
    wrong = unmet(listed.stdout)
    for symbol in sorted(wrong):
        print("needs a libc or a C++ runtime:", symbol)
    print(f"{len(libraries)} freestanding libraries, {len(wrong)} unmet symbols")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
