#!/usr/bin/env python3
"""`cupel bench fuzz` has every row, each with a value. How fast anything is, is not asserted. Usage: bench_test.py PATH_OF_CUPEL"""
import json
import pathlib
import subprocess
import sys
import unittest

CUPEL = ""
ROWS = {
    "engine-ceiling", "invariants", "model", "all-oracles", "three-way", "generate", "mutate", "mutate-bytes", "reset", "fork",
    "engine-ceiling+asan", "model+asan", "all-oracles+asan",
    "optee_messages", "optee_rpc", "optee_storage",
    "snp_ap", "snp_attest", "snp_boot", "snp_cpuid", "snp_exits", "snp_hv_injection", "snp_io", "snp_messages", "snp_psc", "snp_system", "snp_vc",
    "lvbs_boot", "lvbs_heki", "lvbs_hypercalls", "lvbs_intercepts", "lvbs_kexec", "lvbs_module", "lvbs_patch", "lvbs_system",
}
HELP = {row.removesuffix("+asan") for row in ROWS if not row.startswith(("snp_", "lvbs_", "optee_"))} | {"snp_psc", "lvbs_heki", "optee_messages"}


class Bench(unittest.TestCase):
    def test_every_row_has_a_value_and_a_baseline_of_the_same_run(self):
        done = subprocess.run([CUPEL, "bench", "fuzz", "--seconds", "0.05", "--json"], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = {row["name"]: row for row in json.loads(done.stdout)["rows"]}
        self.assertEqual(set(rows), ROWS)
        for row in rows.values():
            self.assertEqual(set(row), {"name", "value", "unit", "baseline", "baseline_value", "ratio"})
            self.assertGreater(row["value"], 0, row)
            self.assertTrue(row["unit"], row)
            self.assertEqual(row["baseline_value"], rows[row["baseline"]]["value"], row)
            self.assertAlmostEqual(row["ratio"], row["value"] / row["baseline_value"])

    def test_the_table_for_people_names_every_row(self):
        done = subprocess.run([CUPEL, "bench", "fuzz", "--seconds", "0.05"], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({line.split()[0] for line in done.stdout.splitlines()}, ROWS)

    def test_help_says_what_every_row_means(self):
        done = subprocess.run([CUPEL, "bench", "--help"], capture_output=True, text=True, timeout=300)
        for row in HELP:
            self.assertIn(row, done.stdout)

    def test_rows_are_chosen_by_name_and_by_pattern_and_come_with_their_baseline(self):
        for pattern, expected in (("snp_psc", {"snp_psc"}), ("snp_[pv]*", {"snp_psc", "snp_vc"})):
            done = subprocess.run([CUPEL, "bench", "fuzz", pattern, "--seconds", "0.05", "--json"], capture_output=True, text=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stderr)
            rows = {row["name"]: row for row in json.loads(done.stdout)["rows"]}
            self.assertEqual(set(rows), expected | {"engine-ceiling"})
            self.assertEqual(rows["snp_psc"]["unit"], "exits/s")

    def test_an_unknown_row_is_named(self):
        done = subprocess.run([CUPEL, "bench", "fuzz", "no_such_row"], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no_such_row", done.stderr)

    def test_an_unknown_benchmark_is_named(self):
        done = subprocess.run([CUPEL, "bench", "no_such_benchmark"], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no_such_benchmark", done.stderr)


if __name__ == "__main__":
    CUPEL = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
