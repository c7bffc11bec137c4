"""The workloads, read from workloads.tsv."""

from dataclasses import dataclass, field
from pathlib import Path

TABLE = Path(__file__).resolve().parent.parent / "workloads.tsv"


@dataclass(frozen=True)
class Workload:
    """A network, its loss J, and the number of examples in a batch."""

    name: str
    widths: tuple[int, ...]  # n_0 … n_L
    hidden: str
    output: str
    loss: str  # least-squares: J = 1/(2m) Σ‖a − y‖²; cross-entropy: J = −1/m Σ y·ln softmax(z)
    batch: int  # m
    targets: dict[str, float] = field(default_factory=dict)

    @property
    def flops(self):
        """Floating-point operations of the three products: W a, δ aᵀ, and Wᵀ δ, which the first layer does not need."""
        weights = [below * units for below, units in zip(self.widths, self.widths[1:])]
        return 2 * self.batch * (3 * sum(weights) - weights[0])


def table():
    """Every row of workloads.tsv."""
    lines = TABLE.read_text().splitlines()
    header = next(line for line in reversed(lines) if line.startswith("#")).lstrip("# ").split("\t")
    for line in lines:
        if not line.startswith("#"):
            name, widths, hidden, output, loss, batch, *targets = line.split("\t")
            numbers = {key: float(text) for key, text in zip(header[6:], targets) if text != "-"}
            yield Workload(name, tuple(map(int, widths.split("-"))), hidden, output, loss, int(batch), numbers)


def workload(name):
    """A row of the table, or what `G:784-256-10:64` says: ReLU, softmax cross-entropy, and batches of 64."""
    if name.startswith("G:"):
        _, widths, batch = name.split(":")
        return Workload(name, tuple(map(int, widths.split("-"))), "relu", "softmax", "cross-entropy", int(batch))
    return next(row for row in table() if row.name == name)
