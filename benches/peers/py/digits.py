"""The digits to 97 % of the held-out rows, as a whole process: `digits.py torch|scikit-learn SEED < held-out rows`.

All is as for `nn train digits --hidden 32`: 64-32-10 with ReLU, standardised pixels, batches of 32, the same η, no
momentum, and the same rows held out, whose numbers are on standard input. Each library draws the weights as it does.
"""

import json
import sys
import time
from pathlib import Path

LIBRARY, SEED = sys.argv[1], int(sys.argv[2])
DATA = Path(__file__).resolve().parents[3] / "nn-train" / "data" / "digits.csv"
HIDDEN, BATCH, LEARNING_RATE, GOAL, EPOCHS = 32, 32, 0.2, 0.97, 200

start = time.perf_counter()
import numpy as np  # noqa: E402

if LIBRARY == "torch":
    import torch
else:
    from sklearn.neural_network import MLPClassifier
import_s = time.perf_counter() - start


def read():
    """Pixels and digits to learn from, and those that are held out."""
    rows = np.loadtxt(DATA, delimiter=",", dtype=np.float32)
    held_out = np.zeros(len(rows), bool)
    held_out[np.loadtxt(sys.stdin, dtype=int)] = True
    x, y = rows[:, :64], rows[:, 64].astype(np.int64)
    mean, deviation = x[~held_out].mean(0), x[~held_out].std(0)
    x = (x - mean) / np.where(deviation > 0, deviation, 1)
    return x[~held_out], y[~held_out], x[held_out], y[held_out]


def with_torch(x, y, held_x, held_y):
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    x, y, held_x, held_y = map(torch.from_numpy, (x, y, held_x, held_y))
    model = torch.nn.Sequential(torch.nn.Linear(64, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 10))
    loss = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    for epoch in range(1, EPOCHS + 1):
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss(model(x[rows]), y[rows]).backward()
            optimizer.step()
        with torch.no_grad():
            accuracy = (model(held_x).argmax(1) == held_y).double().mean().item()
        yield epoch, accuracy


def with_scikit_learn(x, y, held_x, held_y):
    model = MLPClassifier(
        (HIDDEN,), solver="sgd", learning_rate_init=LEARNING_RATE, batch_size=BATCH,
        momentum=0, nesterovs_momentum=False, alpha=0, random_state=SEED,
    )  # fmt: skip
    for epoch in range(1, EPOCHS + 1):
        model.partial_fit(x, y, classes=np.arange(10))
        yield epoch, model.score(held_x, held_y)


training = {"torch": with_torch, "scikit-learn": with_scikit_learn}[LIBRARY]
for epoch, accuracy in training(*read()):
    if accuracy >= GOAL:
        print(json.dumps({"epochs": epoch, "accuracy": accuracy, "import_s": import_s}))
        break
else:
    sys.exit(f"{accuracy:.3f} after {EPOCHS} epochs")
