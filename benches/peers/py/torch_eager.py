"""PyTorch as its tutorials write it: modules, autograd, and the optimiser of the library."""

import torch
from torch import nn

from harness import LEARNING_RATE, PRECISION, THREADS, batches, mse_factor, serve, weights

ACTIVATION = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}

torch.set_num_threads(THREADS)
torch.set_default_dtype({"f32": torch.float32, "f64": torch.float64}[PRECISION])


def network(w):
    layers = []
    for weight, activation in zip(weights(w), [w.hidden] * (len(w.widths) - 2) + [w.output]):
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight))
            linear.bias.zero_()
        layers.append(linear)
        if activation in ACTIVATION:  # The loss takes the softmax itself.
            layers.append(ACTIVATION[activation]())
    return nn.Sequential(*layers)


def prepare(w):
    data = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in batches(w)]
    if w.loss == "cross-entropy":
        loss_function = nn.CrossEntropyLoss()
        data = [(x, y.argmax(1)) for x, y in data]  # Labels are faster than one-hot rows.
    else:
        loss_function = nn.MSELoss()
    model = network(w)
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE * mse_factor(w))

    def step(turn):
        x, y = data[turn]
        optimizer.zero_grad()
        loss = loss_function(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


serve("torch-eager", prepare, loss_factor=mse_factor)
