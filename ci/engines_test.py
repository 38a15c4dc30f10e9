#!/usr/bin/env python3
"""One source, three engines: libFuzzer (preset dev), AFL++ (preset afl) and the plain replayer say the same of one input,
and afl-fuzz finds what the canary hides. Usage: engines_test.py PATH_OF_CUPEL"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CUPEL = ""
ROOT = pathlib.Path(__file__).resolve().parent.parent
LIBFUZZER, AFL = ROOT / "build/dev/targets", ROOT / "build/afl/targets"
MUTATOR = ROOT / "build/release/targets/libcupel_afl_mutator.so"
SAID = re.compile(r"^CUPEL-RUN trace=([0-9a-f]{16}) verdict=(\S+)$", re.MULTILINE)
# afl-fuzz asks for settings of the whole machine; none of them changes what is found.
AFL_SETTINGS = {"AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1", "AFL_NO_UI": "1",
                "AFL_CUSTOM_MUTATOR_ONLY": "1"}


def built(engine, target):
    return (engine / target).exists()


def inputs():
    """A few inputs of every kind: the canary's, and the regressions of targets that both engines have."""
    yield "canary", b"tweet"
    yield "canary", b"twe"
    for about in sorted((ROOT / "corpus/regressions").glob("*/about.md"))[:40]:
        target = re.search(r"^target:\s*(\S+)", about.read_text(), re.MULTILINE).group(1)
        program = about.parent / "program.txt"
        if program.exists() and built(LIBFUZZER, target) and built(AFL, target):
            yield target, program
    for seed in range(8):  # any bytes are a program
        for target in ("snp_psc", "linux_program"):
            if built(LIBFUZZER, target) and built(AFL, target):
                yield target, bytes((seed * 37 + index * index * 11 + index // 7) % 256 for index in range(40 * seed + 3))


def engine_says(program, file):
    done = subprocess.run([program, file], capture_output=True, text=True, timeout=120, env={**os.environ, "CUPEL_PRINT_RUNS": "1"})
    said = SAID.findall(done.stderr)
    assert said, f"{program} {file}: {done.returncode}\n{done.stdout}{done.stderr}"
    return said[-1]


def plain_says(target, file):
    done = subprocess.run([CUPEL, "replay", "--json", "--target", target, file], capture_output=True, text=True, timeout=120)
    run = json.loads(done.stdout)["runs"][0]
    return run["trace_hash"], run["oracle"] or "ok"


@unittest.skipUnless(built(LIBFUZZER, "canary") and built(AFL, "canary"), "the targets of the presets dev and afl are not built")
class Engines(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cupel-engines-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def as_bytes(self, target, source):
        """The engines take bytes; the command line turns text into them."""
        if isinstance(source, bytes):
            file = self.folder / "input.bin"
            file.write_bytes(source)
            return file
        file = self.folder / "encoded.bin"
        subprocess.run([CUPEL, "replay", "--target", target, "--encode", file, source], check=False, capture_output=True, timeout=120)
        return file

    def test_one_input_has_one_trace_and_one_verdict_under_all_three(self):
        targets = set()
        for target, source in inputs():
            file = self.as_bytes(target, source)
            with self.subTest(target=target, source=source):
                plain = plain_says(target, file)
                self.assertEqual(engine_says(LIBFUZZER / target, file), plain)
                self.assertEqual(engine_says(AFL / target, file), plain)
                targets.add(target)
        self.assertIn("canary", targets)

    def run_afl(self, target, seed, seconds, **settings):
        (self.folder / "in").mkdir()
        (self.folder / "in/seed").write_bytes(seed)
        done = subprocess.run(["afl-fuzz", "-i", self.folder / "in", "-o", self.folder / "out", "-V", str(seconds), "-m", "none", "--", AFL / target],
                              capture_output=True, text=True, timeout=seconds + 120, env={**os.environ, **AFL_SETTINGS, **settings, "CUPEL_TARGET": target, "AFL_CUSTOM_MUTATOR_LIBRARY": str(MUTATOR)})
        stats = self.folder / "out/default/fuzzer_stats"
        self.assertTrue(stats.exists(), done.stdout[-3000:] + done.stderr[-1000:])
        return dict(re.findall(r"^(\w+)\s*: (.*)$", stats.read_text(), re.MULTILINE))

    @unittest.skipUnless(MUTATOR.exists(), "the mutator library is not built (preset release)")
    def test_afl_finds_the_canary_and_its_input_replays(self):
        stats = self.run_afl("canary", b"t", 60, AFL_BENCH_UNTIL_CRASH="1")  # about two seconds
        self.assertGreater(int(stats["saved_crashes"]), 0, stats)
        crash = sorted((self.folder / "out/default/crashes").glob("id:*"))[0]
        self.assertEqual(plain_says("canary", crash)[1], "canary")

    @unittest.skipUnless(MUTATOR.exists() and built(AFL, "snp_psc"), "snp_psc is not built (preset afl) or the mutator library is not (preset release)")
    def test_afl_runs_a_target_in_one_process_and_its_coverage_grows(self):
        stats = self.run_afl("snp_psc", b"\0", 5)
        self.assertGreater(int(stats["execs_done"]), 100, stats)
        self.assertGreater(int(stats["corpus_count"]), 3, stats)
        self.assertIn("persistent", stats["target_mode"])


if __name__ == "__main__":
    CUPEL = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
