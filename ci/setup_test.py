#!/usr/bin/env python3
"""What ci/setup does where packages are missing. Stand-ins for dpkg-query, id, sudo and apt-get come first in PATH."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = [line for line in (ROOT / "ci/packages.txt").read_text().splitlines() if line and not line.startswith("#")]


class Setup(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="cupel-setup-")
        self.tools = pathlib.Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)

    def tool(self, name, script):
        file = self.tools / name
        file.write_text("#!/bin/sh\n" + script)
        file.chmod(0o755)

    def machine(self, without=(), user=1000, sudo="exit 1\n", apt="echo no network; exit 100\n"):
        self.tool("dpkg-query", "".join(f"echo 'installed {name}'\n" for name in PACKAGES if name not in without))
        self.tool("id", f"echo {user}\n")
        self.tool("sudo", sudo)
        self.tool("apt-get", f"echo apt-get \"$@\" >>{self.tools}/apt.log\n" + apt)

    def run_it(self, *command):
        env = {**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}"}
        env.pop("CUPEL_SKIP_SETUP", None)
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=env)

    def test_the_doctor_finds_nothing_wrong_where_all_packages_are_there(self):
        self.machine()
        done = self.run_it(ROOT / "cupel", "doctor", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([check["verdict"] for check in json.loads(done.stdout)["checks"] if check["name"] == "packages"], ["fine"])

    def test_the_doctor_names_a_missing_package_and_the_command_that_installs_it(self):
        self.machine(without=("ninja-build",))
        done = self.run_it(ROOT / "cupel", "doctor")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stdout, r"wrong +packages +missing: ninja-build\n +mend: apt-get install --no-install-recommends ninja-build\n")
        self.assertFalse((self.tools / "apt.log").exists())

    def test_nothing_missing_is_silent_and_installs_nothing(self):
        self.machine()
        done = self.run_it(ROOT / "ci/setup")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertFalse((self.tools / "apt.log").exists())

    def test_without_root_it_names_exactly_the_missing_packages_and_stops(self):
        self.machine(without=("ninja-build", "libz3-dev"))
        done = self.run_it(ROOT / "ci/setup")
        self.assertEqual(done.returncode, 2)
        self.assertIn("install --no-install-recommends libz3-dev ninja-build\n", done.stderr)
        self.assertFalse((self.tools / "apt.log").exists())

    def test_a_package_with_a_similar_name_does_not_count(self):
        self.machine(without=("lld-19",))
        self.tool("dpkg-query", (self.tools / "dpkg-query").read_text().split("\n", 1)[1] + "echo 'installed lld-19-doc'\n")
        self.assertIn("lld-19\n", self.run_it(ROOT / "ci/setup").stderr)

    def test_a_removed_package_whose_settings_stayed_does_not_count(self):
        self.machine(without=("gnuplot-nox",))
        self.tool("dpkg-query", (self.tools / "dpkg-query").read_text().split("\n", 1)[1] + "echo 'config-files gnuplot-nox'\n")
        self.assertIn("gnuplot-nox\n", self.run_it(ROOT / "ci/setup").stderr)

    def test_without_network_it_says_what_apt_said_names_the_packages_and_stops(self):
        self.machine(without=("cvc5",), user=0)
        done = self.run_it(ROOT / "ci/setup")
        self.assertEqual(done.returncode, 2)
        self.assertIn("no network", done.stderr)
        self.assertIn("Missing: cvc5", done.stderr)

    def test_with_root_it_installs_what_is_missing_and_nothing_else(self):
        self.machine(without=("cvc5",), user=0, apt="exit 0\n")
        done = self.run_it(ROOT / "ci/setup")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("install --yes --no-install-recommends cvc5\n", (self.tools / "apt.log").read_text())

    def test_the_front_door_stops_with_the_same_answer_before_it_builds(self):
        self.machine(without=("clang-19",))
        done = self.run_it("bash", "-c", f'set -e; mkdir "{self.tools}/tree"; cp -r "{ROOT}/cupel" "{ROOT}/ci" "{self.tools}/tree"; cd "{self.tools}/tree"; ./cupel fuzz')
        self.assertEqual(done.returncode, 2)
        self.assertIn("clang-19\n", done.stderr)
        self.assertFalse((self.tools / "tree/build").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
