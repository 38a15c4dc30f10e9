#!/usr/bin/env python3
"""What the command line does with good and with bad requests. Usage: command_line_test.py PATH_OF_CUPEL"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

CUPEL = ""
ROOT = pathlib.Path(__file__).resolve().parent.parent
UNISTD = pathlib.Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")


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

    def test_a_mistyped_option_or_command_is_guessed_and_something_else_is_not(self):
        self.says(cupel("fuzz", "--tmie", "3s"), "--tmie", "did you mean --time?")
        self.says(cupel("repaly", "x.txt"), "did you mean replay?")
        self.assertNotIn("did you mean", cupel("fuzz", "--verbose").stderr)

    def test_an_unknown_target_is_named(self):
        self.says(cupel("fuzz", "no_such_target", "--state", self.folder), "no_such_target")

    def test_a_campaign_that_is_not_there_or_is_wrong_is_named_with_its_line(self):
        self.says(cupel("fuzz", "--campaign", "fortnightly"), "ci/campaigns/fortnightly.toml", "no such campaign")
        (self.folder / "a.toml").write_text('time = "5s"\n[parts]\nno_such_target = 2\n')
        self.says(cupel("fuzz", "--campaign", self.folder / "a.toml", "--state", self.folder / "s"), "no_such_target")
        (self.folder / "b.toml").write_text("time = 5\n")
        self.says(cupel("fuzz", "--campaign", self.folder / "b.toml"), "b.toml:1:")

    def test_the_campaigns_of_this_tree_name_targets_that_there_are(self):
        for plan in sorted((ROOT / "ci/campaigns").glob("*.toml")):
            with self.subTest(plan=plan.name):
                done = cupel("fuzz", "canary", "--campaign", plan, "--time", "1s", "--state", self.folder / plan.stem)
                self.assertEqual(done.returncode, 1, done.stderr)

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

    def test_an_unknown_second_solver_is_an_error_that_names_those_there_are(self):
        done = cupel("prove", "snp", "--second-solver", "abacus")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("cvc5", done.stderr)

    def test_an_unknown_regression_group_is_named(self):
        self.says(cupel("regress", "no_such_group"), "no_such_group")


class Describe(Case):
    def test_each_call_has_its_rule_its_generation_and_its_comparison(self):
        calls = json.loads(cupel("describe", "linux", "--json").stdout)["calls"]
        self.assertGreaterEqual(len(calls), 60)
        for call in calls:
            self.assertEqual(call["model"], call["name"])
            self.assertGreater(call["generator"], 0, call["name"])
            self.assertTrue(call["differential"], call["name"])

    def test_each_call_of_linux_is_there_or_says_why_not(self):
        described = json.loads(cupel("describe", "linux", "--json").stdout)
        there, missing = ({call["number"]: call["name"] for call in described[part]} for part in ("calls", "missing"))
        self.assertFalse(there.keys() & missing.keys())
        said = re.findall(r'\{(\d+), "', (ROOT / "shims/linux/missing.hh").read_text())
        self.assertEqual(sorted(map(int, said)), sorted(missing), "what is served is told of as missing")
        self.assertEqual([call["name"] for call in described["missing"] if not call["reason"]], [])
        numbers = re.findall(r"#define __NR_(\w+) (\d+)", UNISTD.read_text())
        self.assertGreater(len(numbers), 300)
        for name, number in numbers:
            self.assertEqual((there | missing).get(int(number)), name, number)
        self.assertEqual(len(cupel("describe", "linux", "--missing").stdout.splitlines()), len(missing))

    def test_each_target_is_described(self):
        targets = json.loads(cupel("describe", "targets", "--json").stdout)["targets"]
        listed = {target["name"] for target in targets}
        self.assertLessEqual({"canary", "linux_program", "snp_psc"}, listed)
        self.assertEqual([target["name"] for target in targets if not target["about"]], [])
        for name in listed:
            self.assertIn(f" {name}", cupel("fuzz", "--help").stdout)


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


@unittest.skipUnless((ROOT / "build/dev/targets/canary").exists(), "the instrumented targets are not built (preset dev)")
class Campaign(Case):
    def setUp(self):
        super().setUp()
        self.state = self.folder / "state"

    def campaign(self, seconds="2s"):
        """A short campaign that must come to its end: (its last event, what it said)."""
        done = cupel("fuzz", "--time", seconds, "--state", self.state, "--json", "snp_psc")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(events[-1]["event"], "end")
        self.assertTrue(pathlib.Path(events[-1]["report"]).exists())
        return events[-1], done.stdout + done.stderr

    def kept(self):
        return list((self.state / "raw/snp_psc/unconfirmed").glob("*")) + list((self.state / "findings").glob("snp_psc*/finding.json"))

    def test_a_campaign_killed_in_the_middle_goes_on_and_loses_nothing(self):
        running = subprocess.Popen([CUPEL, "fuzz", "--time", "60s", "--state", str(self.state), "snp_psc"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            if (self.state / "series.jsonl").exists() and (self.state / "series.jsonl").stat().st_size > 0:
                break
            time.sleep(0.1)
        running.send_signal(signal.SIGKILL)
        running.wait()
        samples = (self.state / "series.jsonl").read_text().count("\n")
        self.assertGreater(samples, 0)
        # A failing input that the killed campaign had not looked at yet.
        raw = self.state / "raw/snp_psc"
        raw.mkdir(parents=True, exist_ok=True)
        (raw / "crash-cafe").write_bytes(b"whatever")
        self.campaign("3s")
        self.assertGreater((self.state / "series.jsonl").read_text().count("\n"), samples)
        self.assertTrue(self.kept(), "the input the killed campaign left was lost")

    def test_garbage_in_every_file_of_the_state_is_passed_over_or_put_right(self):
        self.campaign()
        for number, garbage in enumerate([b"", b"\x00", b"\xff" * 5000, bytes(range(256))]):
            (self.state / f"corpus/snp_psc/garbage{number}").write_bytes(garbage)
        (self.state / "corpus/snp_psc/garbage.txt").write_text("no script at all")
        for file in sorted((self.state / "corpus/snp_psc").iterdir())[:20]:
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        with open(self.state / "series.jsonl", "a") as series:
            series.write('[]\n{"target": 3, "seconds": "x"}\n{"seconds": 9, "tar')
        (self.state / "report.json").write_text("{")
        broken = self.state / "findings/snp_psc-rmp-accept"
        broken.mkdir()
        (broken / "input.bin").write_bytes(b"whatever")
        (broken / "finding.json").write_text('{"id": "snp_psc-rmp-ac')
        _, said = self.campaign()
        self.assertIn("snp_psc-rmp-accept", said)
        self.assertTrue(self.kept(), "the input of the finding that was cut short was lost")
        self.assertEqual(cupel("report", "--state", self.state).returncode, 0)

    def test_whatever_of_the_state_cannot_be_written_is_named(self):
        for part in ("corpus", "raw", "findings", "corpus/snp_psc", "raw/snp_psc", "series.jsonl"):
            state = self.folder / part.replace("/", "-")
            # Root may write to what is read-only, but not to a file as to a folder, nor to a folder as to a file.
            place = state / part
            place.parent.mkdir(parents=True)
            place.mkdir() if part.endswith(".jsonl") else place.write_text("in the way")
            done = cupel("fuzz", "--time", "2s", "--state", state, "snp_psc")
            self.assertEqual(done.returncode, 2, f"{part}: {done.stderr}")
            self.assertIn(str(place), done.stderr)

    def test_a_full_disk_ends_a_campaign_with_its_reason(self):
        self.state.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(self.state)], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
        try:
            (self.state / "ballast").write_bytes(b"x" * 56 * 1024)
            done = cupel("fuzz", "--time", "10s", "--state", self.state, "snp_psc")
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            self.assertIn("No space left on device", done.stderr)
        finally:
            subprocess.run(["umount", "--lazy", str(self.state)], check=True)


if __name__ == "__main__":
    CUPEL = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
