#!/usr/bin/env python3
"""A whole campaign, seconds long, from the command line to its report. Usage: campaign_test.py PATH_OF_CUPEL"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

CUPEL = ""
ROOT = pathlib.Path(__file__).resolve().parent.parent


def campaign(state, *arguments):
    done = subprocess.run([CUPEL, "fuzz", "--json", "--state", str(state), *arguments], capture_output=True, text=True, timeout=550)
    return done, [json.loads(line) for line in done.stdout.splitlines()]


@unittest.skipUnless((ROOT / "build/dev/targets/canary").exists(), "the instrumented targets are not built (preset dev)")
class Campaign(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="cupel-campaign-")
        self.addCleanup(self.folder.cleanup)
        self.state = pathlib.Path(self.folder.name) / "state"

    def turns(self, events, targets):
        """The targets that ran, and those of which a warning says that they did not."""
        ran = {event["target"] for event in events if event["event"] == "progress"}
        said = [event["text"] for event in events if event["event"] == "warning" and "before the turn of" in event["text"]]
        return sorted(ran), [target for target in targets if any(re.search(rf"\b{target}\b", text) for text in said)]

    def test_a_campaign_too_short_for_all_targets_says_which_had_no_turn(self):
        done, events = campaign(self.state, "--time", "1s", "--jobs", "1")
        self.assertEqual(events[-1]["event"], "end", done.stderr)
        targets = next(event for event in events if event["event"] == "start")["targets"]
        ran, without_turn = self.turns(events, targets)
        self.assertTrue(without_turn)
        self.assertEqual(sorted(ran + without_turn), sorted(targets))

    def test_all_targets_side_by_side_end_with_a_report_and_honest_totals(self):
        done, events = campaign(self.state, "--time", "10s")
        end = events[-1]
        self.assertEqual(end["event"], "end", done.stderr)
        self.assertEqual(done.returncode, 1 if end["findings"] else 0, done.stderr)
        self.assertTrue(any(event["event"] == "canary" and event["seen"] for event in events))
        self.assertGreater(end["executions"], 0)
        self.assertGreater(end["edges"], 0)
        start = next(event for event in events if event["event"] == "start")
        self.assertGreaterEqual(len(start["targets"]), 4)
        ran, without_turn = self.turns(events, start["targets"])
        self.assertGreaterEqual(len(ran), 4)
        self.assertEqual(sorted(ran + without_turn), sorted(start["targets"]))  # on a busy machine some may get no turn
        report = json.loads((self.state / "report.json").read_text())
        self.assertEqual(len(report["findings"]), end["findings"])
        self.assertEqual({row["target"] for row in report["targets"]}, set(start["targets"]))
        self.assertGreaterEqual(len(report["calls"][0]["calls"]), 60)
        page = pathlib.Path(end["report"]).read_text()
        self.assertEqual(page.count("<svg"), 4)
        self.assertLess(len(page), 2_000_000)
        for loads_from_elsewhere in ("src=", "<link", "<script", "@import", "url("):
            self.assertNotIn(loads_from_elsewhere, page)
        for finding in report["findings"]:
            self.assertTrue((pathlib.Path(finding["folder"]) / "program.txt").exists())

    def test_a_finding_is_minimised_replayed_three_times_and_shown_with_its_program(self):
        done, events = campaign(self.state, "--time", "2s", "canary")
        self.assertEqual((done.returncode, events[-1]["event"]), (1, "end"), done.stderr)
        found = [event["finding"] for event in events if event["event"] == "finding"]
        self.assertEqual([(one["oracle"], one["replays"]) for one in found], [("canary", 3)])
        program = (pathlib.Path(found[0]["folder"]) / "program.txt").read_text()
        self.assertEqual(program, "# target: canary\ntweet\n")
        self.assertIn("tweet\n</pre>", pathlib.Path(events[-1]["report"]).read_text())
        again = subprocess.run([CUPEL, "replay", pathlib.Path(found[0]["folder"]) / "program.txt"], capture_output=True, text=True, timeout=60)
        self.assertEqual(again.returncode, 1, again.stdout)


if __name__ == "__main__":
    CUPEL = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
