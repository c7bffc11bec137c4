#!/usr/bin/env python3
"""Times a training step of this project and of other libraries side by side; README.md says how to read what it prints.

Every peer is one process that lives as long as the run. It is asked by a line with the name of a workload, and answers
by a line of JSON. The peers are asked in turn, round after round: A B C A B C …
"""

import argparse
import contextlib
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
sys.path.insert(0, str(HERE / "py"))

import tables  # noqa: E402
from workloads import table as workload_table, workload  # noqa: E402

GROWTH = [f"G:{n}-{n}-{n}-10:128" for n in (64, 128, 256, 512, 1024, 2048, 4096)]
GROWTH += [f"G:784-256-10:{m}" for m in (1, 4, 16, 64, 256, 1024, 4096)]


def commands(options, step):
    """How each peer is started, in the order of the columns."""
    precision = ["--precision", options.precision]
    python = lambda file, *arguments: [options.python, str(HERE / "py" / file), *arguments]
    rust = lambda name, *arguments: [str(options.rust / f"{name}-peer"), *arguments]
    ours = {tables.OURS: [step, "delta", *precision], tables.TAPE: [step, "tape", *precision]}
    peers = {
        "jax-loop": python("jax_compiled.py", "loop"),
        "jax-jit": python("jax_compiled.py", "jit"),
        "numpy": python("numpy_by_hand.py"),
        "torch-by-hand": python("torch_by_hand.py"),
        "torch-eager": python("torch_eager.py"),
        "scikit-learn": python("scikit_learn.py"),
        "micrograd": python("micrograd_scalars.py"),
        "candle": rust("candle"),
        "burn-flex": rust("burn", "flex"),
        "burn-ndarray": rust("burn", "ndarray"),
        "dfdx": rust("dfdx"),
    }
    chosen = {name: command for name, command in peers.items() if re.search(options.peers, name)}
    extra = {name: shlex.split(command) for name, command in (text.split("=", 1) for text in options.extra)}
    return ours | chosen | extra


def environment(options):
    env = dict(os.environ, BENCH_THREADS=str(options.threads), BENCH_PRECISION=options.precision)
    for library in ("OMP", "OPENBLAS", "MKL", "RAYON", "MATMUL"):
        env[f"{library}_NUM_THREADS"] = str(options.threads)
    # A leftover setting of the machine must not slow a peer: OpenBLAS chooses the kernels for this processor itself.
    for leftover in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        env.pop(leftover, None)
    return env


def keep_to_cores(threads):
    """As many cores as threads, the same for every peer. Where the system cannot do that, peers go where they want."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


class Peer:
    def __init__(self, name, command, env):
        self.name = name
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True, env=env
        )

    def ask(self, request):
        """The measurements that answer a request, or None if the peer is no more."""
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return None
        answers = []
        for line in self.process.stdout:
            if not line.strip():
                return answers
            answers.append(json.loads(line) | {"peer": self.name})
        return None

    def close(self):
        """Ends the process, and returns the last line that it wrote to standard error."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        with self.errors:
            self.errors.seek(0)
            return (self.errors.read().strip() or f"exit code {self.process.returncode}").splitlines()[-1]


def start(commands, env):
    """The peers that are ready. None is timed while another one still starts, for they share the cores."""
    for name, command in commands.items():
        if not shutil.which(command[0]):
            say(f"{name}: {command[0]} is not there; README.md says how to get it")
            continue
        peer = Peer(name, command, env)
        if peer.ask("") is None:
            say(f"{name}: {peer.close()}")
        else:
            yield peer


def measure(peers, requests, rounds, keep, pause=0.0):
    """Asks every peer for every workload, round after round, and keeps the answers."""
    measurements = []
    for request in requests:
        begin = time.monotonic()
        for turn in range(rounds):
            for peer in list(peers):
                answers = peer.ask(request)
                time.sleep(pause)
                if answers is None:
                    say(f"{peer.name} is gone at {request}: {peer.close()}")
                    peers.remove(peer)
                for answer in answers or []:
                    measurements.append(answer | {"round": turn})
                    keep(measurements[-1])
        say(f"{request}: {time.monotonic() - begin:.0f} s")
    for peer in peers:
        peer.close()
    return measurements


def digits(options, programs, keep):
    """Whole processes, from start to end: the digits, to 97 % of the held-out rows. Round and seed count alike."""
    rows = subprocess.run([programs["held_out"]], stdout=subprocess.PIPE, text=True, check=True).stdout
    peer = [options.python, str(HERE / "py" / "digits.py")]
    ours = [programs["nn"], *"train digits --hidden 32 --until-accuracy 0.97 --epochs 200 --quiet --seed".split()]
    commands = {tables.OURS: ours, "torch-eager": [*peer, "torch"], "scikit-learn": [*peer, "scikit-learn"]}
    measurements = []
    for turn in range(options.rounds):
        for name, command in commands.items():
            if name != tables.OURS and not re.search(options.peers, name):
                continue
            begin = time.perf_counter()
            done = subprocess.run(
                [*command, str(turn + 1)], input=rows, capture_output=True, text=True, env=environment(options)
            )
            microseconds = 1e6 * (time.perf_counter() - begin)
            # One that did not reach the goal was not fast, however soon it ended.
            reached = done.returncode == 0 and not done.stderr.startswith("warning")
            if not reached:
                say(f"{name}, seed {turn + 1}: {(done.stderr.strip() or 'failed').splitlines()[-1]}")
            answer = json.loads(done.stdout) if done.stdout.startswith("{") else {}
            answer |= {"peer": name, "workload": "digits", "round": turn, "median_us": microseconds, "reached": reached}
            measurements.append(answer)
            keep(answer)
    return measurements


def build():
    """Builds our side. Returns the paths of its programs by their names."""
    command = "cargo build --release --locked -p nn-train --bin nn --example step --example held_out"
    done = subprocess.run(
        [*command.split(), "--message-format", "json"], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        sys.exit("Our own side does not build.")
    messages = map(json.loads, done.stdout.splitlines())
    return {message["target"]["name"]: message["executable"] for message in messages if message.get("executable")}


def about(options):
    """The machine and the versions, a line each."""

    def output(*command):
        try:
            return subprocess.run(command, capture_output=True, text=True, cwd=PROJECT).stdout.strip()
        except FileNotFoundError:
            return ""

    cpuinfo = Path("/proc/cpuinfo")
    cpu = re.search(r"model name\s*: (.*)", cpuinfo.read_text() if cpuinfo.exists() else "")
    yield f"{cpu[1] if cpu else platform.processor()}, {os.cpu_count()} cores, {platform.system()}"
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    yield f"{options.threads} thread{'s' * (options.threads > 1)}, {options.precision}, {options.rounds} rounds{load}"
    yield f"this project {output('git', 'describe', '--always', '--dirty')}, {output('rustc', '--version')}"
    lock = (HERE / "rust" / "Cargo.lock").read_text()
    crates = [re.search(rf'name = "{name}"\nversion = "(.*)"', lock) for name in ("candle-core", "burn", "dfdx")]
    packages = [line.split("==")[0] for line in (HERE / "requirements.txt").read_text().split()]
    script = (
        "import platform, importlib.metadata as m, sys\nprint('Python', platform.python_version(), end='')\n"
        "have = {d.name: d.version for d in m.distributions()}\n"
        "[print(',', name, have.get(name, 'missing'), end='') for name in sys.argv[1:]]"
    )
    yield output(options.python, "-c", script, *packages)
    yield ", ".join(f"{name} {match[1]}" for name, match in zip(("candle", "burn", "dfdx"), crates) if match)


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    own_python = HERE / "venv" / "bin" / "python"
    parser.add_argument("what", nargs="?", choices=["step", "growth", "digits"], default="step",
                        help="a step of each workload (default); widths and batches that grow; a whole training")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=["f32", "f64"], default="f32")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=".", metavar="REGEX", help="workloads")
    parser.add_argument("--peers", default=".", metavar="REGEX", help="peers; our two engines always take part")
    parser.add_argument("--with", dest="extra", action="append", default=[], metavar="NAME=COMMAND",
                        help="one more that speaks the protocol, such as an older build of ours")
    parser.add_argument("--raw", type=Path, metavar="FILE", help="append every measurement, a line of JSON each")
    parser.add_argument("--python", default=str(own_python) if own_python.exists() else sys.executable,
                        help="the interpreter that has the Python peers")
    parser.add_argument("--rust", type=Path, default=HERE / "rust" / "target" / "release", metavar="FOLDER",
                        help="where the Rust peers are built")
    return parser.parse_args()  # fmt: skip


def main():
    options = arguments()
    programs = build()
    head = "\n".join(f"- {line}" for line in about(options))
    raw = options.raw and options.raw.open("a")

    def keep(measurement):
        if raw:
            print(json.dumps(measurement), file=raw, flush=True)

    keep_to_cores(options.threads)
    if options.what == "digits":
        print(head, tables.digits(digits(options, programs, keep)), sep="\n\n")
        return
    all_workloads = list(workload_table()) if options.what == "step" else list(map(workload, GROWTH))
    chosen = [w for w in all_workloads if re.search(options.only, w.name)]
    peers = list(start(commands(options, programs["step"]), environment(options)))
    # Threads that have nothing more to do spin for a tenth of a second in OpenBLAS, in case there is, before they sleep.
    pause = 0.2 if options.threads > 1 else 0.0
    measurements = measure(peers, [w.name for w in chosen], options.rounds, keep, pause)
    table = tables.medians(measurements)
    report = [head, tables.times(table)]
    if options.what == "growth":
        report.append(tables.growth(table, chosen))
    elif options.threads == 1 and options.precision == "f32":  # What the targets are for.
        report.append(tables.targets(table, chosen))
    print(*report, sep="\n\n")
    wrong = list(tables.disagreements(measurements))
    print("", *wrong or ["The peers agree on the losses after the same steps."], sep="\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
