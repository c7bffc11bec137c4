"""From measurements to tables. A measurement is a line of JSON of a peer, and the round it was made in."""

from collections import defaultdict
from statistics import median

OURS, TAPE = "by hand", "tape"
RUST = {"candle", "burn-flex", "burn-ndarray", "dfdx"}


def medians(measurements):
    """{workload: {peer: (median µs, median ratio to ours)}}. A ratio is of two times of one round: what slows the whole
    machine for a while slows both, and a median over rounds ignores the round in which it began."""
    rounds = defaultdict(lambda: defaultdict(dict))
    for each in measurements:
        rounds[each["workload"]][each["peer"]][each["round"]] = each["median_us"]
    table = {}
    for workload, peers in rounds.items():
        ours = peers.get(OURS, {})
        table[workload] = {}
        for peer, times in peers.items():
            ratios = [time / ours[turn] for turn, time in times.items() if turn in ours]
            table[workload][peer] = (median(times.values()), median(ratios) if ratios else None)
    return table


def number(value):
    """Three digits where they matter: 0.512, 5.12, 51.2, 512, 5,123."""
    return f"{value:,.{2 if value < 10 else 1 if value < 100 else 0}f}" if value >= 1 else f"{value:.3f}"


def markdown(header, rows):
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def times(table):
    """Workloads by peers: median µs (median ratio to ours)."""
    peers = list(dict.fromkeys(peer for row in table.values() for peer in row))

    def cell(entry):
        if entry is None:
            return "–"
        time, ratio = entry
        return number(time) if ratio is None else f"{number(time)} ({number(ratio)}×)"

    rows = [[workload] + [cell(row.get(peer)) for peer in peers] for workload, row in table.items()]
    return markdown(["µs a step (÷ by hand)"] + peers, rows)


def verdict(ratio, relation, target, peer=""):
    """`2.50 ✗ ≥ 3 jax-loop`, without mercy for what only rounds to the target."""
    if ratio is None or target is None:
        return "–"
    met = ratio >= target if relation == "≥" else ratio <= target
    shown = f"{ratio:.3f}" if ratio < 2 else number(ratio)
    return f"{shown} {'✓' if met else '✗'} {relation} {target:g} {peer}".rstrip()


def targets(table, workloads):
    """Ratios against what they are to be, for the workloads that have targets."""

    def best(row, peers):
        ratios = [(row[peer][1], peer) for peer in peers if peer in row and row[peer][1] is not None]
        return min(ratios, default=(None, ""))

    rows = []
    for w in workloads:
        row = table.get(w.name, {})
        if not w.targets or OURS not in row:
            continue
        tape, eager = best(row, [TAPE])[0], best(row, ["torch-eager"])[0]
        (peer, peer_name), (rust, rust_name) = best(row, row.keys() - {OURS, TAPE}), best(row, RUST)
        rows.append([
            w.name,
            verdict(tape, "≤", w.targets.get("tape")),
            verdict(peer, "≥", w.targets.get("best"), peer_name),
            verdict(eager, "≥", w.targets.get("eager")),
            verdict(rust, "≥", w.targets.get("rust"), rust_name),
        ])  # fmt: skip
    header = ["÷ by hand ✓ target", "tape", "best peer", "PyTorch eager", "best Rust framework"]
    return markdown(header, rows) if rows else ""


def growth(table, workloads):
    """Our GFLOP/s as networks or batches grow, beside the ratio to PyTorch eager."""
    rows, before = [], None
    for w in workloads:
        time, _ = table.get(w.name, {}).get(OURS, (None, None))
        if time is None:
            before = None
            continue
        rate = w.flops / time / 1e3
        # Widths and batches are two curves: each begins anew.
        same_curve = before and (w.batch == before[1].batch or w.widths == before[1].widths)
        step = verdict(rate / before[0], "≥", 0.85) if same_curve else "–"
        eager = table[w.name].get("torch-eager", (None, None))[1]
        rows.append([w.name, number(rate), step, verdict(eager, "≥", 1)])
        before = rate, w
    return markdown(["growth", "GFLOP/s by hand", "÷ the size before", "PyTorch eager ÷ by hand"], rows)


def digits(measurements):
    """Whole processes: how long until the goal was reached, and how often it was."""
    table = medians(each for each in measurements if each["reached"]).get("digits", {})
    rows = []
    for peer in dict.fromkeys(each["peer"] for each in measurements):
        own = [each for each in measurements if each["peer"] == peer]
        time, ratio = table.get(peer, (None, None))
        imports = [each["import_s"] for each in own if "import_s" in each]
        rows.append([
            peer,
            "–" if time is None else number(time / 1e3),
            "–" if ratio is None else f"{number(ratio)}×",
            f"{1e3 * median(imports):,.0f}" if imports else "–",
            f"{sum(each['reached'] for each in own)} of {len(own)}",
        ])  # fmt: skip
    return markdown(["digits to 97 %", "ms", "÷ by hand", "ms of them to import", "reached"], rows)


def disagreements(measurements, tolerance=1e-5):
    """What is wrong with the losses that the peers report. All begin with the same weights and the same data, and report
    the mean loss of the first four steps and of the next four: they must fall, and be the same for all."""
    losses = defaultdict(dict)
    for each in measurements:
        if "loss_later" in each:
            losses[each["workload"]][each["peer"]] = (each["loss_first"], each["loss_later"])
    for workload, peers in losses.items():
        middle = median(later for _, later in peers.values())
        for peer, (first, later) in peers.items():
            if not later < first:  # Not a number is not less, either.
                yield f"{workload}: the loss of {peer} goes from {first} to {later}"
            if not abs(later - middle) <= tolerance * abs(middle):
                yield f"{workload}: the loss of {peer} after the same steps is {later}, that of the others {middle}"
