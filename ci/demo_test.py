#!/usr/bin/env python3
"""The demo ends as it says, and a finding becomes an entry. Usage: demo_test.py PATH_OF_CUPEL"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

CUPEL = ""
ENTRY = "snp-34-row-count"  # a small target, and a bug that is found at once


def cupel(*arguments):
    return subprocess.run([CUPEL, *map(str, arguments)], capture_output=True, text=True, timeout=1500)


class Demo(unittest.TestCase):
    def test_a_planted_bug_is_found_explained_and_kept_and_the_entry_can_be_added(self):
        done = cupel("demo", "--entry", ENTRY, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        facts = json.loads(done.stdout)
        self.assertTrue(facts["found"] and facts["fixed_passes"], facts)
        for step in ("1. A bug is planted", "2. The fuzzer looks", "3. It fails three times", "4. What is wrong", "5. It becomes an entry", "6. On the build without the bug"):
            self.assertIn(step, done.stderr)
        with tempfile.TemporaryDirectory(prefix="cupel-demo-") as pack:
            added = cupel("regress", "add", facts["finding"]["folder"], "--id", "one", "--into", pack, "--json")
            self.assertEqual(added.returncode, 0, added.stderr)
            self.assertEqual(json.loads(added.stdout)["verdict"], "ok")
            self.assertEqual(sorted(file.name for file in (pathlib.Path(pack) / "one").iterdir()), ["about.md", "program.txt"])
            again = cupel("regress", "add", facts["finding"]["folder"], "--id", "one", "--into", pack)
            self.assertEqual(again.returncode, 2)
            self.assertIn("--id", again.stderr)

    def test_a_bug_that_is_not_found_is_said_and_is_exit_code_1(self):
        done = cupel("demo", "--entry", "linux-rename-below-itself", "--time", "0s")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("not found in", done.stdout)

    def test_an_entry_that_is_not_there_is_named(self):
        done = cupel("demo", "--entry", "nothing")
        self.assertEqual(done.returncode, 2)
        self.assertIn("nothing", done.stderr)

    def test_a_finding_that_is_not_there_is_named(self):
        done = cupel("regress", "add", "no-such-finding")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no-such-finding", done.stderr)


if __name__ == "__main__":
    CUPEL = sys.argv.pop(1)
    unittest.main()
