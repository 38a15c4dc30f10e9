#!/usr/bin/env python3
"""What the command line does with good and with bad requests. Usage: command_line_test.py PATH_OF_CUPEL"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

CUPEL = ""
ROOT = pathlib.Path(__file__).resolve().parent.parent


def cupel(*arguments, cwd=None, env=None):
    return subprocess.run([CUPEL, *map(str, arguments)], capture_output=True, text=True, timeout=300, cwd=cwd, env=env)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cupel-cli-"))

    def tearDown(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class BadRequests(Case):
    def says(self, done, *words):
        self.assertEqual(done.returncode, 2, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_no_command_is_a_usage_error(self):
        self.assertEqual(cupel().returncode, 2)

    def test_an_unknown_target_is_named(self):
        self.says(cupel("fuzz", "no_such_target", "--state", self.folder), "no_such_target")

    def test_a_bad_duration_says_what_to_write(self):
        self.says(cupel("fuzz", "--time", "soon"), "soon", "90s")

    def test_a_missing_file_is_named(self):
        self.says(cupel("replay", self.folder / "none.txt"), "none.txt")

    def test_a_file_of_no_target_says_how_to_name_one(self):
        (self.folder / "x.bin").write_bytes(b"abc")
        self.says(cupel("replay", self.folder / "x.bin"), "--target")

    def test_a_program_that_does_not_parse_names_file_and_line(self):
        (self.folder / "bad.txt").write_text("# target: snp_psc\naccept gfn=(((\n")
        self.says(cupel("replay", self.folder / "bad.txt"), "bad.txt:2")

    def test_a_state_folder_that_cannot_be_written_is_named(self):
        (self.folder / "file").write_text("in the way")
        self.says(cupel("fuzz", "--time", "1s", "--state", self.folder / "file" / "state"), "file/state")

    def test_a_report_without_a_campaign_says_what_to_run(self):
        self.says(cupel("report", "--state", self.folder), "cupel fuzz")

    def test_an_unknown_regression_group_is_named(self):
        self.says(cupel("regress", "no_such_group"), "no_such_group")


class Replay(Case):
    def test_garbage_bytes_are_a_program_with_one_trace(self):
        file = self.folder / "garbage.bin"
        file.write_bytes(bytes(range(256)) * 4)
        hashes = set()
        for folder in (self.folder, ROOT):
            done = cupel("replay", "--target", "snp_psc", "--json", file, cwd=folder, env={**os.environ, "LANG": folder.name})
            self.assertIn(done.returncode, (0, 1), done.stderr)
            hashes.add(json.loads(done.stdout)["runs"][0]["trace_hash"])
        self.assertEqual(len(hashes), 1)

    def test_the_canary_is_seen_and_named(self):
        seeds = sorted((ROOT / "corpus/seeds/canary").glob("*.txt"))
        self.assertTrue(seeds)
        done = cupel("replay", "--target", "canary", "--json", seeds[0])
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout)["runs"][0]["verdict"], "finding")


class Campaign(Case):
    def test_a_campaign_killed_in_the_middle_goes_on_and_loses_nothing(self):
        if not (ROOT / "build/dev/targets/canary").exists():
            self.skipTest("the instrumented targets are not built (preset dev)")
        state = self.folder / "state"
        running = subprocess.Popen([CUPEL, "fuzz", "--time", "60s", "--state", str(state), "snp_psc"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            if (state / "series.jsonl").exists() and (state / "series.jsonl").stat().st_size > 0:
                break
            time.sleep(0.1)
        running.send_signal(signal.SIGKILL)
        running.wait()
        samples = (state / "series.jsonl").read_text().count("\n")
        self.assertGreater(samples, 0)
        # A failing input that the killed campaign had not looked at yet.
        raw = state / "raw/snp_psc"
        raw.mkdir(parents=True, exist_ok=True)
        (raw / "crash-cafe").write_bytes(b"whatever")
        done = cupel("fuzz", "--time", "3s", "--state", state, "--json", "snp_psc")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        end = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual(end["event"], "end")
        self.assertTrue(pathlib.Path(end["report"]).exists())
        self.assertGreater((state / "series.jsonl").read_text().count("\n"), samples)
        kept = list((raw / "unconfirmed").glob("*")) + list((state / "findings").glob("*"))
        self.assertTrue(kept, "the input the killed campaign left was lost")


if __name__ == "__main__":
    CUPEL = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
