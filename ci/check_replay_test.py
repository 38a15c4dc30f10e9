#!/usr/bin/env python3
"""check_replay.py must see a trace that depends on anything but the input. In place of cupel_corpus stands a program whose
hashes depend on one thing each."""
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent / "check_replay.py"


class CheckReplay(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="cupel-replay-test-")
        self.addCleanup(self.folder.cleanup)

    def build(self, name, hash_of, exit_code=0):
        """A build folder whose cupel_corpus prints what the Python expression gives."""
        folder = pathlib.Path(self.folder.name) / name
        program = folder / "targets/cupel_corpus"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!{sys.executable}\nimport ctypes, os, sys\nprint({hash_of}, 'a.txt')\nsys.exit({exit_code})\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return folder

    def run_on(self, *builds):
        return subprocess.run([sys.executable, SCRIPT, "--repeat", "4", "--processes", "4", "--target", "snp_psc", *map(str, builds)], capture_output=True, text=True)

    def refused(self, done):
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)

    def test_one_trace_is_accepted(self):
        done = self.run_on(self.build("one", "'aa'"), self.build("two", "'aa'"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("one trace each", done.stdout)

    def test_a_trace_that_depends_on_the_process_is_seen(self):
        self.refused(self.run_on(self.build("one", "os.getpid()")))

    def test_a_trace_that_depends_on_the_working_folder_is_seen(self):
        self.refused(self.run_on(self.build("one", "'aa' if os.getcwd() != '/' else 'bb'")))

    def test_a_trace_that_depends_on_the_environment_is_seen(self):
        self.refused(self.run_on(self.build("one", "os.environ.get('TZ', 'none')[:4]")))

    def test_a_trace_that_depends_on_addresses_is_seen(self):
        self.refused(self.run_on(self.build("one", "hex(ctypes.addressof(ctypes.c_int()))")))

    def test_a_trace_that_depends_on_the_build_is_seen(self):
        self.refused(self.run_on(self.build("one", "'aa'"), self.build("two", "'bb'")))

    def test_a_finding_is_a_failure(self):
        self.refused(self.run_on(self.build("one", "'aa'", exit_code=1)))

    def test_a_build_that_is_not_there_is_named(self):
        done = self.run_on(pathlib.Path(self.folder.name) / "none")
        self.assertEqual(done.returncode, 2)
        self.assertIn("none/targets/cupel_corpus", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
