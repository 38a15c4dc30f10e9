#!/usr/bin/env python3
"""Each command's help fits a screen, shows an example, and says nothing that docs/commands.md does not. Usage: help_test.py PATH_OF_CUPEL"""
import pathlib
import re
import subprocess
import sys
import unittest

CUPEL = ""
MANUAL = (pathlib.Path(__file__).resolve().parent.parent / "docs/commands.md").read_text()
LINES_MAX = 40


def help_of(*command):
    done = subprocess.run([CUPEL, *command, "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Help(unittest.TestCase):
    def commands(self):
        names = re.findall(r"^  ([a-z-]+)  +\S", help_of().split("Subcommands:")[1], re.MULTILINE)
        self.assertGreaterEqual(len(names), 6)
        return names

    def test_each_command_fits_a_screen_and_shows_an_example(self):
        for name in self.commands():
            with self.subTest(command=name):
                text = help_of(name)
                self.assertLessEqual(text.count("\n"), LINES_MAX)
                self.assertRegex(text, r"Example:\n  .*\./cupel " + name)

    def test_the_manual_has_each_command_and_option(self):
        for name in self.commands():
            with self.subTest(command=name):
                self.assertIn(f"## ./cupel {name}", MANUAL)
                section = MANUAL.split(f"## ./cupel {name}")[1].split("\n## ")[0]
                for option in re.findall(r"(--[a-z0-9-]+)", help_of(name).split("Options:")[1].split("Example:")[0]):
                    if option not in ("--help", "--json"):
                        self.assertIn(option, section)


if __name__ == "__main__":
    CUPEL = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
