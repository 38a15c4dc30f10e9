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
        self.says(cupel("replay", self.folder / "bad.txt"), "bad.txt:2:")
        (self.folder / "worse.txt").write_text("# target: linux_program\numask(07)\nopenat(AT_FDCWD, \"a\", O_CREATE)\n")
        self.says(cupel("replay", self.folder / "worse.txt"), "worse.txt:3:", "O_CREATE")

    def test_a_program_of_garbage_names_file_and_line(self):
        for number, garbage in enumerate([b"\x00\x01\x02(\n", b"\xff" * 300, b"r0 = \n", b"read(" * 5000, b'write(1, "\\x']):
            (self.folder / f"garbage{number}.txt").write_bytes(garbage)
            for target in ("linux_program", "snp_psc"):
                self.says(cupel("replay", "--target", target, self.folder / f"garbage{number}.txt"), f"garbage{number}.txt:1:")

    def test_a_folder_in_place_of_a_program_is_named(self):
        self.says(cupel("replay", "--target", "linux_program", self.folder), str(self.folder))

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


class TextPrograms(Case):
    """A text program outlives changes of the interface that it is written for."""

    def trace_hash(self, name, text):
        (self.folder / name).write_text(text)
        done = cupel("replay", "--target", "linux_program", "--json", self.folder / name)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["runs"][0]["trace_hash"], done.stderr

    def test_a_call_that_is_no_more_is_skipped_with_a_warning(self):
        old, said = self.trace_hash("old.txt", "umask(07)\nr1 = frobnicate(\"a)\", {1, 2})\nclose(r1)\n")
        new, quiet = self.trace_hash("new.txt", "umask(07)\nclose(-1)\n")
        self.assertEqual(old, new)
        self.assertIn("old.txt:2:6: there is no call frobnicate: skipped", said)
        self.assertEqual(quiet, "")

    def test_a_missing_argument_gets_its_default_and_one_too_many_is_skipped(self):
        old, said = self.trace_hash("old.txt", "r0 = openat(AT_FDCWD, \"a\", O_CREAT)\nwrite(r0, \"abc\")\nclose(r0, 7)\n")
        new, _ = self.trace_hash("new.txt", "r0 = openat(AT_FDCWD, \"a\", O_CREAT, 0)\nwrite(r0, \"abc\", 3)\nclose(r0)\n")
        self.assertEqual(old, new)
        self.assertIn("old.txt:3:11: close has no more arguments", said)

    def test_a_fault_of_a_call_that_is_no_more_goes_with_it(self):
        old, said = self.trace_hash("old.txt", "frobnicate(1)\numask(07)\n@fault copy 1 at call 0\n")
        new, _ = self.trace_hash("new.txt", "umask(07)\n")
        self.assertEqual(old, new)
        self.assertIn("old.txt:3:2: there is no call 0", said)

    def test_a_recording_becomes_a_program_that_replays(self):
        (self.folder / "recording").write_text('7 openat(AT_FDCWD, "\\x61", O_RDWR|O_CREAT, 0644) = 3\n7 socket(AF_UNIX, SOCK_STREAM, 0) = 4\n7 close(3) = 0\n')
        done = cupel("import-strace", self.folder / "recording", "--output", self.folder / "seed.txt")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("socket was left out", done.stderr)
        self.assertEqual(cupel("replay", self.folder / "seed.txt").returncode, 0)

    def test_a_recording_without_a_call_that_is_known_is_refused(self):
        (self.folder / "recording").write_text("\x00\xff garbage (\n")
        done = cupel("import-strace", self.folder / "recording")
        self.assertEqual(done.returncode, 2)
        self.assertIn("recording", done.stderr)


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
