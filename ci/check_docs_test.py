#!/usr/bin/env python3
"""Every link and every path that a document names leads somewhere; a link into nowhere is seen."""
import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = ("bench", "ci", "cli", "cmake", "corpus", "docs", "fuzz", "libos", "platforms", "props", "shims")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
PATH = re.compile(r"(?:^|[\s`(])((?:%s)/[A-Za-z0-9_./-]*[A-Za-z0-9_])" % "|".join(LAYERS), re.MULTILINE)


def documents(root):
    return [file for file in [*root.glob("*.md"), *root.glob("docs/**/*.md")] if file.is_file()]


def nowhere(root):
    """(document, what it names) for all that is not there. Names with a placeholder in capitals are not paths."""
    missing = []
    for document in documents(root):
        text = document.read_text()
        named = {(document.parent / link, link) for link in LINK.findall(text) if "://" not in link}
        named |= {(root / path, path) for path in PATH.findall(text) if not re.search(r"[A-Z]{2}|<|\*", path) or path.endswith(".md")}
        missing += [(document.name, name) for place, name in sorted(named) if not place.exists()]
    return missing


class Documents(unittest.TestCase):
    def test_every_link_and_path_leads_somewhere(self):
        self.assertGreaterEqual(len(documents(ROOT)), 10)
        self.assertEqual(nowhere(ROOT), [])

    def test_a_link_and_a_path_into_nowhere_are_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "libos").mkdir()
            (root / "libos/here.cc").touch()
            (root / "README.md").write_text("See [it](docs/gone.md) and `libos/gone.cc`, but `libos/here.cc` and [web](https://x/y) are fine.\n")
            self.assertEqual(nowhere(root), [("README.md", "docs/gone.md"), ("README.md", "libos/gone.cc")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
