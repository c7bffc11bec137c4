"""A network in NumPy in which every classic mistake is made, one after the other, and `nn diagnose` is asked for its name.

    python3 docs/models/mistakes_in_numpy.py target/release/nn

Nothing here comes from the program: the recursion and its mistakes are written out again, with a row for each example.
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np

from for_nn import write_examples, write_model, write_yours

RATE = 0.3


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z, axis=1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


# Each with its derivative as a formula in a.
ACTIVATIONS = {
    "sigmoid": (sigmoid, lambda a: a * (1 - a)),
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "softplus": (lambda z: np.log1p(np.exp(z)), lambda a: 1 - np.exp(-a)),
    "softmax": (softmax, None),
}


def gradients(layers, loss, X, Y, mistake, at):
    """J and (dW, db) of each layer, with a mistake in layer `at` (from 0)."""
    L, m = len(layers), len(X)
    here = lambda name, l: mistake == name and at in (None, l)
    z, a = [], [X]
    for l, (W, b, name) in enumerate(layers):
        z.append(a[-1] @ W.T + (0 if here("bias-missing", l) else b))
        sigma = ACTIVATIONS[name][0]
        if here("activation-missing", l):
            a.append(z[-1])
        elif here("other-activation", l):
            a.append(np.tanh(z[-1]))
        elif here("softmax-over-examples", l):
            a.append(softmax(z[-1], axis=0))
        else:
            a.append(sigma(z[-1]))
    result, error = [None] * L, None
    deltas = [None] * (L + 1)
    for l in reversed(range(L)):
        W, b, name = layers[l]
        sigma, slope = ACTIVATIONS[name]
        is_last = l == L - 1
        if is_last:
            difference = Y - a[-1] if mistake == "sign-turned" else a[-1] - Y
            scale = {"mean-missing": 1, "mean-twice": 1 / m**2, "half-missing": 2 / m,
                     "mean-over-outputs": 1 / Y.size}.get(mistake, 1 / m)
            error = difference * scale
            if here("cross-entropy-gradient-of-a", l):
                error = -Y / a[-1] / m
        else:
            above = layers[l + 1][0]
            if here("weight-not-transposed", l):
                error = deltas[l + 1] @ above.T
            elif here("weight-of-this-layer", l):
                error = deltas[l + 1] @ W
            elif mistake == "weight-already-updated":
                error = deltas[l + 1] @ (above - RATE * result[l + 1][0])
            else:
                error = deltas[l + 1] @ above
        if is_last and loss != "least-squares":
            delta = error * a[-1] * (1 - a[-1]) if here("output-slope-twice", l) else error
        elif here("sigma-prime-missing", l):
            delta = error
        elif name == "softmax":
            inner = error * a[l + 1] if here("softmax-diagonal-only", l) else (error * a[l + 1]).sum(axis=1, keepdims=True)
            delta = a[l + 1] * (error - inner)
        elif here("other-activation", l):
            delta = error * (1 - a[l + 1] ** 2)
        elif here("sigma-prime-of-a", l):
            delta = error * slope(sigma(a[l + 1]))
        elif here("sigma-prime-of-z", l):
            delta = error * slope(z[l])
        elif here("sigma-prime-of-error", l):
            delta = error * slope(error)
        else:
            delta = error * slope(a[l + 1])
        deltas[l] = delta
        below = a[l + 1] if here("activation-of-this-layer", l) else a[l]
        if here("pre-activation-for-activation", l):
            below = z[l - 1]
        dW, db = np.zeros_like(W), np.zeros_like(b)
        for j in range(m):
            if mistake == "last-example-only":
                dW, db = np.outer(delta[j], below[j]), delta[j]
            else:
                dW, db = dW + np.outer(delta[j], below[j]), db + delta[j]
        if here("bias-gradient-first-example", l):
            db = delta[0]
        if here("bias-gradient-mean", l):
            db = delta.mean(axis=0)
        if here("bias-gradient-missing", l):
            db = np.zeros_like(b)
        result[l] = (dW, db)
    if here("gradient-transposed", at):
        result = [(dW.T, db) for dW, db in result]
    return result


def main():
    nn = sys.argv[1]
    rng = np.random.default_rng(1)
    least, cross, binary = "least-squares", "cross-entropy", "binary-cross-entropy"
    # Three layers of four units, so that every product fits; and one network of unequal widths.
    square, widths = (4, 4, 4, 4), (3, 5, 4, 2)
    sigmoids = ("tanh", "softplus", "sigmoid")
    cases = [(None, None, least, square, sigmoids), (None, None, cross, widths, ("tanh", "sigmoid", "softmax"))]
    for name in ("bias-missing", "activation-missing", "sigma-prime-missing", "sigma-prime-of-a", "sigma-prime-of-z",
                 "sigma-prime-of-error", "activation-of-this-layer", "bias-gradient-first-example", "bias-gradient-mean",
                 "bias-gradient-missing"):
        cases += [(name, l, least, square, ("sigmoid", "tanh", "sigmoid")) for l in range(3)]
    for name in ("sigma-prime-missing", "sigma-prime-of-a", "sigma-prime-of-z", "sigma-prime-of-error",
                 "activation-of-this-layer", "bias-gradient-mean", "weight-not-transposed"):
        cases.append((name, None, least, square, sigmoids))
    cases += [(name, l, least, square, sigmoids) for name in ("weight-not-transposed", "weight-of-this-layer") for l in (0, 1)]
    cases += [("pre-activation-for-activation", l, least, widths, sigmoids) for l in (1, 2)]
    cases += [("other-activation", l, least, widths, ("sigmoid", "softplus", "sigmoid")) for l in range(3)]
    for loss, last in ((least, "sigmoid"), (cross, "softmax"), (binary, "sigmoid")):
        for name in ("mean-missing", "mean-twice", "mean-over-outputs", "sign-turned", "last-example-only",
                     "weight-already-updated", "gradient-transposed"):
            cases.append((name, None, loss, widths, ("tanh", "sigmoid", last)))
    cases.append(("gradient-transposed", None, least, square, sigmoids))
    cases.append(("half-missing", None, least, widths, sigmoids))
    cases.append(("softmax-diagonal-only", 2, least, square, ("tanh", "sigmoid", "softmax")))
    for name in ("softmax-over-examples", "output-slope-twice", "cross-entropy-gradient-of-a"):
        cases.append((name, 2, cross, widths, ("tanh", "sigmoid", "softmax")))
    cases.append(("output-slope-twice", 2, binary, widths, ("tanh", "sigmoid", "sigmoid")))

    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        files = [os.path.join(folder, name) for name in ("model.json", "batch.json", "mine.json")]
        for mistake, at, loss, n, names in cases:
            layers = [(rng.normal(size=(k, i)), rng.normal(size=k), name) for i, k, name in zip(n, n[1:], names)]
            X, Y = rng.normal(size=(7, n[0])), rng.uniform(size=(7, n[-1]))
            Y /= Y.sum(axis=1, keepdims=True)
            write_model(files[0], layers, loss)
            write_examples(files[1], X, Y)
            write_yours(files[2], gradients(layers, loss, X, Y, mistake, at))
            run = subprocess.run([nn, "diagnose", files[0], "--examples", files[1], "--yours", files[2], "--format", "json",
                                  "--learning-rate", str(RATE)], capture_output=True, text=True)
            answer = json.loads(run.stdout or "{}")
            expected = [] if mistake is None else [(mistake, None if at is None else at + 1)]
            found = [(finding["id"], finding["layer"]) for finding in answer.get("findings", [])]
            good = found == expected and run.returncode == (mistake is not None)
            wrong += not good
            where = "" if at is None else f"layer {at + 1}"
            print(f"{'ok   ' if good else 'WRONG'} {mistake or 'right':30} {where:8} {loss:21} {'' if good else found} "
                  f"{'' if run.stdout else run.stderr}".rstrip())
    print(f"{len(cases)} cases, {wrong} wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
