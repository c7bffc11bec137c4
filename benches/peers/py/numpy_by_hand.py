"""NumPy, gradients by hand: the whole batch as a matrix, every operation into a buffer that exists."""

import numpy as np

from harness import LEARNING_RATE, batches, serve, weights


def sigmoid(z):
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += 1
    np.reciprocal(z, out=z)


# Each replaces z by a, and multiplies δ by the derivative, which it takes from a.
ACTIVATE = {
    "identity": lambda z: None,
    "relu": lambda z: np.maximum(z, 0, out=z),
    "tanh": lambda z: np.tanh(z, out=z),
    "sigmoid": sigmoid,
}
CHAIN = {
    "relu": lambda delta, a: np.multiply(delta, a > 0, out=delta),
    "tanh": lambda delta, a: np.multiply(delta, 1 - a * a, out=delta),
    "sigmoid": lambda delta, a: np.multiply(delta, a * (1 - a), out=delta),
}


def output_delta(w, z, y, delta):
    """δ of the last layer times m, into `delta`, and J."""
    if w.loss == "cross-entropy":
        z -= z.max(1, keepdims=True)
        logits = np.vdot(z, y)
        np.exp(z, out=z)
        total = z.sum(1, keepdims=True)
        z /= total
        np.subtract(z, y, out=delta)
        return (np.log(total).sum() - logits) / w.batch
    ACTIVATE[w.output](z)
    np.subtract(z, y, out=delta)
    loss = np.vdot(delta, delta) / (2 * w.batch)
    if w.output != "identity":
        CHAIN[w.output](delta, z)
    return loss


def prepare(w):
    data = list(batches(w))
    W = [weight.T.copy() for weight in weights(w)]  # [n_{l−1}, n_l]
    b = [np.zeros(weight.shape[1], weight.dtype) for weight in W]
    dW = [np.empty_like(weight) for weight in W]
    a = [None] + [np.empty((w.batch, units), weight.dtype) for units, weight in zip(w.widths[1:], W)]
    delta = [None] + [np.empty_like(each) for each in a[1:]]
    layers, rate = len(W), LEARNING_RATE / w.batch  # The mean over the batch costs nothing here.

    def step(turn):
        a[0], y = data[turn]
        for l in range(layers):
            np.matmul(a[l], W[l], out=a[l + 1])
            a[l + 1] += b[l]
            if l + 1 < layers:
                ACTIVATE[w.hidden](a[l + 1])
        loss = output_delta(w, a[layers], y, delta[layers])
        for l in reversed(range(layers)):
            if l > 0:
                np.matmul(delta[l + 1], W[l].T, out=delta[l])
                CHAIN[w.hidden](delta[l], a[l])
            np.matmul(a[l].T, delta[l + 1], out=dW[l])
            dW[l] *= rate
            W[l] -= dW[l]
            b[l] -= rate * delta[l + 1].sum(0)
        return loss

    return step


serve("numpy", prepare)
