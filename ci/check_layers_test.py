#!/usr/bin/env python3
"""The layer check sees an upward include, and the tree has none."""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_layers


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "libos/base").mkdir(parents=True)
        (root / "libos/base/a.cc").write_text('#include "libos/base/b.hh"\n#include "fuzz/target.hh"\n')
        seen = check_layers.check(root)
        if seen != ["libos/base/a.cc:2: libos/base may not include fuzz/target.hh"]:
            print("a planted upward include was not reported as expected:", seen)
            return 1
    wrong = check_layers.check(pathlib.Path(__file__).parent.parent)
    print("\n".join(wrong) if wrong else "layers: every include points down")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
