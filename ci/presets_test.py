#!/usr/bin/env python3
"""Every preset configures: what one of them leaves out, no folder may ask for."""
import json
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PRESETS = [preset["name"] for preset in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"] if not preset.get("hidden")]


class Presets(unittest.TestCase):
    def test_every_preset_configures_in_a_fresh_folder(self):
        self.assertGreaterEqual(len(PRESETS), 7)
        for name in PRESETS:
            with self.subTest(name), tempfile.TemporaryDirectory(prefix="cupel-preset-") as folder:
                done = subprocess.run(["cmake", "--preset", name, "-S", ROOT, "-B", folder], capture_output=True, text=True, timeout=300, cwd=ROOT)
                self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
