"""What the Python peers share: their data, the clock, and the line protocol.

A peer calls `serve(name, prepare)`. `prepare(workload)` returns a function `step(turn)` that does one training step on
batch number `turn` and returns the loss J of that step, or None where the peer cannot do the workload.
"""

import json
import math
import os
import statistics
import sys
from time import perf_counter

import numpy as np

from workloads import workload

THREADS = int(os.environ.get("BENCH_THREADS", "1"))
SECONDS = int(os.environ.get("BENCH_MS", "200")) / 1e3
PRECISION = os.environ.get("BENCH_PRECISION", "f32")
DTYPE = {"f32": np.float32, "f64": np.float64}[PRECISION]

LEARNING_RATE = 0.1
BATCHES = 4  # They take turns, so that no step finds its examples where the last one left them.


def uniform(seed, shape):
    """Numbers in [0, 1) by SplitMix64: the Rust peers draw the same ones, so that all peers compute the same losses."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, math.prod(shape) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(40)).astype(np.float64).reshape(shape) / 2**24


def batches(w):
    """Inputs [m, n_0] in [0, 1); targets [m, n_L], one-hot, or in [−1, 1) for a single output. Rows are examples."""
    outputs = w.widths[-1]
    for turn in range(BATCHES):
        x, u = uniform(10 + turn, (w.batch, w.widths[0])), uniform(20 + turn, (w.batch, 1))
        y = 2 * u - 1 if outputs == 1 else np.floor(u * outputs) == np.arange(outputs)
        yield x.astype(DTYPE), y.astype(DTYPE)


def weights(w):
    """W of each layer [n_l, n_{l−1}], uniform in ±1/√n_{l−1}. Biases start at zero."""
    for layer, (below, units) in enumerate(zip(w.widths, w.widths[1:])):
        yield ((2 * uniform(30 + layer, (units, below)) - 1) / math.sqrt(below)).astype(DTYPE)


def mse_factor(w):
    """Ours ÷ what libraries call MSE, the mean over examples and outputs without ½. Such a peer multiplies its learning
    rate by it, which costs nothing, and takes the very step that the others take."""
    return w.widths[-1] / 2 if w.loss == "least-squares" else 1.0


class Timer:
    """Calls `step` in turn. It is kept from round to round, since preparing can take longer than timing."""

    def __init__(self, step):
        self.step, self.turn = step, 0
        # Eight steps of warm-up, in which imports, compilation and first allocations happen, and whose losses are kept.
        # A compiled loop makes more steps than one in a call, and returns as many losses.
        self.losses = []
        while len(self.losses) < 2 * BATCHES:
            loss = self.call()
            losses = np.atleast_1d(loss.tolist() if hasattr(loss, "tolist") else loss)
            self.losses.extend(losses)
        self.steps_per_call = len(losses)

    def call(self):
        loss = self.step(self.turn % BATCHES)
        self.turn += 1
        return loss

    def sample(self, calls):
        """Microseconds per step."""
        start = perf_counter()
        for _ in range(calls):
            loss = self.call()
        if hasattr(loss, "block_until_ready"):  # JAX returns before it has computed.
            loss.block_until_ready()
        return 1e6 * (perf_counter() - start) / (calls * self.steps_per_call)

    def samples(self):
        # Calls that are shorter than the clock is fine are timed several at once.
        calls = math.ceil(20 / (self.sample(3) * self.steps_per_call))
        samples, start = [], perf_counter()
        while len(samples) < 3 or perf_counter() - start < SECONDS:
            samples.append(self.sample(calls))
        return samples


def serve(peer, prepare, dtype=PRECISION, loss_factor=lambda w: 1.0):
    """Answers the name of a workload on each line of standard input with a line of JSON, if any, and an empty line."""
    current, timer = None, None
    for line in sys.stdin:
        name = line.strip()
        if name and name != current:
            timer = None  # One workload in memory at a time.
            current, w = name, workload(name)
            step = prepare(w)
            timer = step and Timer(step)
        if name and timer:
            samples, factor = timer.samples(), loss_factor(w)
            answer = {
                "peer": peer, "workload": name, "threads": THREADS, "dtype": dtype,
                "median_us": statistics.median(samples), "min_us": min(samples), "samples": len(samples),
                # The mean loss of the four batches at first, and four steps later.
                "loss_first": factor * statistics.mean(timer.losses[:BATCHES]),
                "loss_later": factor * statistics.mean(timer.losses[BATCHES : 2 * BATCHES]),
            }  # fmt: skip
            print(json.dumps(answer))
        print(flush=True)
