"""Tests of the driver and its tables. They need Python alone: python3 -m unittest discover benches/peers"""

import os
import re
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import run  # noqa: E402
import tables  # noqa: E402
from workloads import table, workload  # noqa: E402


def measured(peer, turn, time, **losses):
    return {"workload": "W2_b1", "peer": peer, "round": turn, "median_us": time, **losses}


class Workloads(unittest.TestCase):
    def test_a_row_and_a_name_describe_a_network(self):
        w = workload("W4_b128")
        self.assertEqual((w.widths, w.hidden, w.loss, w.batch), ((784, 128, 64, 10), "relu", "cross-entropy", 128))
        self.assertEqual(w.targets, {"best": 1.2, "eager": 1.8, "rust": 2.3, "tape": 1.05})
        self.assertEqual(workload("W1t_b1").targets, {"tape": 1.25})
        self.assertEqual(workload("G:784-256-10:64").widths, (784, 256, 10))

    def test_the_first_layer_needs_no_gradient_of_its_input(self):
        # 2·m·(3·3·4 + 3·4·5 − 3·4), m = 2: three products for each layer but two for the first.
        self.assertEqual(workload("G:3-4-5:2").flops, 2 * 2 * (2 * 12 + 3 * 20))

    def test_our_own_program_knows_every_workload(self):
        source = (run.PROJECT / "nn-train" / "benches" / "support" / "workload.rs").read_text()
        self.assertEqual([w.name for w in table() if "workloads.tsv" not in source and f'"{w.name}"' not in source], [])


class Tables(unittest.TestCase):
    def test_a_ratio_is_taken_within_a_round(self):
        # The machine is ten times slower in the second round: times say 2 to 20 against 1 to 10, ratios 2, 2 and 3.
        measurements = [measured(tables.OURS, turn, time) for turn, time in enumerate([1, 10, 1])]
        measurements += [measured("jax-loop", turn, time) for turn, time in enumerate([2, 20, 3])]
        self.assertEqual(tables.medians(measurements)["W2_b1"], {tables.OURS: (1, 1), "jax-loop": (3, 2)})

    def test_times_and_ratios_are_shown_peer_by_peer(self):
        table = {"W2_b1": {tables.OURS: (1.5, 1), "candle": (4567, 3045)}, "W2_b32": {tables.OURS: (0.25, 1)}}
        rows = ["| W2_b1 | 1.50 (1.00×) | 4,567 (3,045×) |", "| W2_b32 | 0.250 (1.00×) | – |"]
        self.assertEqual(tables.times(table).splitlines()[2:], rows)

    def test_targets_name_the_best_peer_and_say_what_was_missed(self):
        row = {tables.OURS: (1, 1), tables.TAPE: (1.1, 1.1), "jax-loop": (2.5, 2.5), "candle": (13, 13)}
        line = tables.targets({"W2_b1": row}, [workload("W2_b1")]).splitlines()[-1]
        self.assertEqual(line, "| W2_b1 | 1.100 ✓ ≤ 1.25 | 2.50 ✗ ≥ 3 jax-loop | – | 13.0 ✓ ≥ 12 candle |")
        self.assertEqual(tables.verdict(0.999, "≥", 1), "0.999 ✗ ≥ 1")

    def test_growth_begins_anew_with_each_curve(self):
        sizes = [workload(f"G:{name}") for name in ("8-8-8:4", "16-16-16:4", "784-256-10:1")]
        table = {w.name: {tables.OURS: (w.flops / rate, 1)} for w, rate in zip(sizes, [4e3, 3e3, 1e3])}
        shown = [line.split(" | ")[2] for line in tables.growth(table, sizes).splitlines()[2:]]
        self.assertEqual(shown, ["–", "0.750 ✗ ≥ 0.85", "–"])

    def test_a_training_that_misses_the_goal_has_no_time(self):
        missed = {**measured(tables.OURS, 0, 1.0), "workload": "digits", "reached": False}
        self.assertIn(f"| {tables.OURS} | – | – | – | 0 of 1 |", tables.digits([missed]))

    def test_a_peer_that_computes_something_else_is_found(self):
        right = [measured(name, 0, 1, loss_first=2.0, loss_later=1.9) for name in ("numpy", "candle")]
        self.assertEqual(list(tables.disagreements(right)), [])
        for later, said in ((1.91, "after the same steps"), (2.1, "goes from"), (float("nan"), "goes from")):
            wrong = list(tables.disagreements([*right, measured("dfdx", 0, 1, loss_first=2.0, loss_later=later)]))
            self.assertTrue(any(re.search(f"dfdx .*{said}|dfdx {said}", line) for line in wrong), wrong)


class Peers(unittest.TestCase):
    ANSWER = "import sys\nfor line in sys.stdin: print('{\"workload\": \"W\", \"median_us\": 1.5}\\n', flush=True)"

    def test_peers_are_asked_in_turn_and_one_that_dies_is_left_out(self):
        python = [sys.executable, "-c"]
        dies = "input(); print(flush=True); input(); raise SystemExit('enough')"
        commands = {
            "a": [*python, self.ANSWER],
            "b": [*python, "raise SystemExit('no such library')"],
            "c": ["/no/such/program"],
            "d": [*python, dies],
        }
        said, kept = [], []
        run.say, say = said.append, run.say
        try:
            peers = list(run.start(commands, dict(os.environ)))
            measurements = run.measure(peers, ["W"], 2, kept.append)
        finally:
            run.say = say
        self.assertEqual([(each["peer"], each["round"]) for each in measurements], [("a", 0), ("a", 1)])
        self.assertEqual(kept, measurements)
        self.assertEqual(said[0], "b: no such library")
        self.assertIn("c: /no/such/program is not there", said[1])
        self.assertEqual(said[2], "d is gone at W: enough")


if __name__ == "__main__":
    unittest.main()
