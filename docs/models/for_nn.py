"""Writes the files that `nn diagnose` reads, from NumPy arrays or from PyTorch. It needs NumPy alone.

    from for_nn import write_model, write_examples, write_yours
    write_model("model.json", [(W1, b1, "sigmoid"), (W2, b2, "sigmoid")], "least-squares")
    write_examples("batch.json", X, Y)
    write_yours("mine.json", [(dW1, db1), (dW2, db2)])

and then: nn diagnose model.json --examples batch.json --yours mine.json

X and Y have a row for each example. W has a row for each unit of its layer, as in PyTorch; where it has a row for each input,
as in Keras and JAX, say `write_model(..., inputs_first=True)`. Gradients may lie either way round.
"""

import json

import numpy as np


# ANCHOR: numpy
def write_model(path, layers, loss, inputs_first=False):
    """layers: (W, b, name of the activation) of each; loss: least-squares, cross-entropy or binary-cross-entropy."""
    rows = [{"activation": activation, "weight": _list(np.asarray(W).T if inputs_first else W), "bias": _list(np.ravel(b))}
            for W, b, activation in layers]
    _write(path, {"format": "nn-model", "version": 1, "loss": loss, "layers": rows})


def write_examples(path, X, Y):
    _write(path, {"inputs": _list(np.atleast_2d(X)), "targets": _list(np.atleast_2d(Y))})


def write_yours(path, gradients, loss=None, z=None, a=None, delta=None):
    """gradients: (dW, db) of each layer, or None for a layer that you lack; z, a, delta: a list with an array for each layer."""
    layers = [{} if pair is None else {"weight_gradient": _list(pair[0]), "bias_gradient": _list(pair[1])}
              for pair in gradients]
    for key, arrays in (("z", z), ("a", a), ("delta", delta)):
        for layer, array in zip(layers, arrays or []):
            layer[key] = _list(array)
    _write(path, {"loss": None if loss is None else float(loss), "layers": layers})


def _list(array):
    return None if array is None else np.asarray(array).tolist()  # every digit that the numbers have


def _write(path, value):
    with open(path, "w") as file:
        json.dump(value, file)
# ANCHOR_END: numpy


# ANCHOR: torch
def write_torch(model, X, Y, loss, gradients=None, names=("model.json", "batch.json", "mine.json")):
    """model: a torch.nn.Sequential of Linear layers and activations, after loss.backward(); loss: a name as above.

    The gradients are those of PyTorch, unless you give your own: (dW, db) of each layer.
    """
    activations = {"Sigmoid": "sigmoid", "Tanh": "tanh", "ReLU": "relu", "LeakyReLU": "leaky-relu", "Softplus": "softplus",
                   "Softmax": "softmax", "Identity": "identity"}
    layers, found = [], []
    for module in model:
        if type(module).__name__ == "Linear":
            layers.append([module.weight.detach().numpy(), module.bias.detach().numpy(), "identity"])
            found.append((module.weight.grad, module.bias.grad))
        elif type(module).__name__ in activations:
            layers[-1][2] = activations[type(module).__name__]
        else:
            raise ValueError(f"nn has no {module}")
    # CrossEntropyLoss and BCEWithLogitsLoss contain the last activation.
    last = {"cross-entropy": "softmax", "binary-cross-entropy": "sigmoid"}.get(loss)
    layers[-1][2] = last or layers[-1][2]
    write_model(names[0], layers, loss)
    write_examples(names[1], X, Y)
    write_yours(names[2], gradients or found)
# ANCHOR_END: torch
