#!/usr/bin/env python3
"""A planted bug is caught by its input, found again by a campaign, and not judged twice. Usage: regress_test.py PATH_OF_CUPEL"""
import json
import pathlib
import subprocess
import sys
import unittest

CUPEL = ""
ROOT = pathlib.Path(__file__).resolve().parent.parent
ENTRY = "snp-34-row-count"  # a small target, and a bug that is found at once


def regress(*options):
    return subprocess.run([CUPEL, "regress", ENTRY, *options], capture_output=True, text=True, timeout=1500)


class Regress(unittest.TestCase):
    def test_a_mutant_is_caught_and_found_again_and_a_resumed_run_knows_it(self):
        options = ("--rediscover", "60s", "--json")
        first = regress(*options)
        self.assertEqual(first.returncode, 0, first.stderr)
        (entry,) = json.loads(first.stdout)["entries"]
        self.assertEqual((entry["verdict"], entry["mutant"], entry["oracle"]), ("pass", "caught", "sanitizer"))
        self.assertTrue(entry["rediscovered"], entry)
        self.assertGreater(entry["rediscover_executions"], 0)
        self.assertIn("built in", first.stderr)
        again = regress(*options, "--resume")
        self.assertNotIn("built in", again.stderr)
        self.assertEqual(json.loads(again.stdout)["entries"], [entry])

    def test_what_came_of_other_options_is_not_taken_over(self):
        self.assertEqual(regress("--mutants", "--json").returncode, 0)
        other = regress("--matrix", "--resume", "--json")
        self.assertIn("built in", other.stderr)
        (entry,) = json.loads(other.stdout)["entries"]
        self.assertEqual(entry["catchers"], ["sanitizer"])

    def test_a_table_without_its_place_is_an_error_that_names_the_file(self):
        done = regress("--times", str(ROOT / "LICENSE"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("LICENSE", done.stderr)


if __name__ == "__main__":
    CUPEL = sys.argv.pop(1)
    unittest.main()
