"""Writes the files that `nn diagnose` reads, from NumPy arrays or from PyTorch. It needs NumPy alone.

    from for_nn import write_model, write_examples, write_yours
    write_model("model.json", [(W1, b1, "sigmoid"), (W2, b2, "sigmoid")], "least-squares")
    write_examples("batch.json", X, Y)
    write_yours("mine.json", [(dW1, db1), (dW2, db2)])

and then: nn diagnose model.json --examples batch.json --yours mine.json

X and Y have a row for each example. W has a row for each unit of its layer, as in PyTorch; where it has a row for each input,
as in Keras and JAX, say `inputs_first=True`, to write_yours as well: gradients that lie the other way round are understood,
but are not called equal.
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
    X, Y = np.atleast_2d(_list(X)), np.asarray(_list(Y))
    if Y.ndim < 2:  # one target for each example, or the targets of a single one
        Y = Y.reshape(len(X), -1)
    _write(path, {"inputs": _list(X), "targets": _list(Y)})


def write_yours(path, gradients, loss=None, z=None, a=None, delta=None, inputs_first=False):
    """gradients: (dW, db) of each layer, or None for a layer that you lack; z, a, delta: a list with an array for each layer."""
    turned = lambda dW: np.asarray(dW).T if inputs_first and dW is not None else dW
    layers = [{} if pair is None else {"weight_gradient": _list(turned(pair[0])), "bias_gradient": _list(pair[1])}
              for pair in gradients]
    for key, arrays in (("z", z), ("a", a), ("delta", delta)):
        for layer, array in zip(layers, arrays or []):
            layer[key] = _list(array)
    _write(path, {"loss": None if loss is None else float(loss), "layers": layers})


def _list(array):
    if hasattr(array, "detach"):  # of PyTorch
        array = array.detach().cpu()
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
    options = {"LeakyReLU": ("negative_slope", (0.01,)), "Softplus": ("beta", (1,)), "Softmax": ("dim", (1, -1))}
    layers, found = [], []
    for module in model:
        option, known = options.get(type(module).__name__, (None, ()))
        if type(module).__name__ == "Linear":
            bias = np.zeros(module.out_features) if module.bias is None else module.bias
            layers.append([_list(module.weight), _list(bias), "identity"])
            found.append((module.weight.grad, None if module.bias is None else module.bias.grad))
        elif option and getattr(module, option) not in known:
            raise ValueError(f"nn has no {module}: it takes {option}={known[0]}")
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
