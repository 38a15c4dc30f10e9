#!/usr/bin/env python3
"""Fails on an #include against the layer order of ARCHITECTURE.md. A folder may include itself and what it is allowed."""
import pathlib
import re
import sys

# The longest matching prefix decides. Each may always include itself.
ALLOWED = {
    "libos/base": [],
    "libos/interface": ["libos/base"],
    "libos/platform": ["libos/base", "libos/interface"],
    "libos": ["libos"],
    "shims": ["libos"],
    "platforms": ["libos/base", "libos/platform", "libos/interface"],
    "platforms/snp/image": ["libos", "shims", "platforms"],  # a program, put together from all layers
    "platforms/mock": ["libos/base", "libos/platform", "libos/interface", "platforms"],
    "platforms/mock/tee": ["libos/base", "shims/optee", "platforms"],  # applications and the normal world of that shim
    "props/lift": ["libos/base"],
    "props/model": ["libos/base", "libos/interface", "libos/machine/config.hh"],
    "props": ["libos", "shims", "platforms", "props", "fuzz"],
    "fuzz": ["libos", "shims", "platforms", "props/model", "fuzz"],
    "bench": ["libos", "shims", "platforms", "props", "fuzz"],
    "cli": ["libos", "shims", "platforms", "props", "fuzz", "bench"],
    "ci": ["libos", "shims", "platforms", "props", "fuzz", "bench", "cli"],
}
LAYERS = {"libos", "shims", "platforms", "fuzz", "props", "bench", "cli", "ci"}


def under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def check(root: pathlib.Path) -> list[str]:
    """The violations below `root`, as lines naming file, line and what may be included."""
    wrong = []
    for layer in sorted(LAYERS):
        for source in sorted((root / layer).rglob("*")):
            if source.suffix not in {".cc", ".hh", ".S", ".c", ".h"}:
                continue
            name = source.relative_to(root).as_posix()
            home = max((prefix for prefix in ALLOWED if under(name, prefix)), key=len)
            is_test = source.stem.endswith("_test")
            for number, line in enumerate(source.read_text().splitlines(), 1):
                match = re.match(r'\s*#include "([^"]+)"', line)
                if not match or match[1].split("/")[0] not in LAYERS:
                    continue
                if under(match[1], home) or any(under(match[1], allowed) for allowed in ALLOWED[home]):
                    continue
                # A unit test may stand on the mock.
                if is_test and under(match[1], "platforms/mock"):
                    continue
                wrong.append(f"{name}:{number}: {home} may not include {match[1]}")
    return wrong


def main() -> int:
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    wrong = check(root)
    print("\n".join(wrong) if wrong else "layers: every include points down")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
