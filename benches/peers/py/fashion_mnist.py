"""Fashion-MNIST, 784-128-10 in f32, in PyTorch: `fashion_mnist.py [FOLDER [THREADS]]`.

All is as in the example fashion_mnist of nn-train: standardised pixels, batches of 64, η = 0.05, no momentum, 10 epochs.
The pictures are tensors in memory, and a batch is picked by index, which is faster than a DataLoader.
"""

import gzip
import sys
import time
from pathlib import Path

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/datasets/fashion-mnist")
THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 1
BATCH, LEARNING_RATE, EPOCHS = 64, 0.05, 10

start = time.perf_counter()
import numpy as np  # noqa: E402
import torch  # noqa: E402

print(f"importing      {time.perf_counter() - start:5.2f} s")
torch.set_num_threads(THREADS)
torch.manual_seed(1)


def read(part):
    with gzip.open(FOLDER / f"{part}-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784).astype(np.float32)
    with gzip.open(FOLDER / f"{part}-labels-idx1-ubyte.gz") as file:
        return images, np.frombuffer(file.read(), np.uint8, offset=8).astype(np.int64)


start = time.perf_counter()
(x, y), (held_x, held_y) = read("train"), read("t10k")
print(f"reading        {time.perf_counter() - start:5.2f} s")

start = time.perf_counter()
mean, deviation = x.mean(0), x.std(0)
for pictures in (x, held_x):
    pictures -= mean
    pictures /= np.where(deviation > 0, deviation, 1)
print(f"standardising  {time.perf_counter() - start:5.2f} s")

x, y, held_x, held_y = map(torch.from_numpy, (x, y, held_x, held_y))
model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
loss = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
for epoch in range(1, EPOCHS + 1):
    start = time.perf_counter()
    for rows in torch.randperm(len(x)).split(BATCH):
        optimizer.zero_grad()
        loss(model(x[rows]), y[rows]).backward()
        optimizer.step()
    trained = time.perf_counter() - start
    with torch.no_grad():
        accuracy = (model(held_x).argmax(1) == held_y).double().mean().item()
    print(f"epoch {epoch:2}       {trained:5.2f} s  {100 * accuracy:.2f} % of the held-out pictures")

peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(f"peak memory    {int(peak.split()[1]) * 1.024e-3:5.0f} MB")
