"""scikit-learn: MLPClassifier and MLPRegressor, a step by `partial_fit` of one batch."""

import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from harness import LEARNING_RATE, batches, serve, weights

ACTIVATION = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}

warnings.filterwarnings("ignore")


def prepare(w):
    if w.output == "sigmoid":
        return None  # It has no least squares after a sigmoid.
    data = list(batches(w))
    classes = {}
    if w.loss == "cross-entropy":
        data = [(x, y.argmax(1)) for x, y in data]
        classes = {"classes": np.arange(w.widths[-1])}
    else:
        data = [(x, y[:, 0]) for x, y in data]
    model = (MLPClassifier if classes else MLPRegressor)(
        hidden_layer_sizes=w.widths[1:-1], activation=ACTIVATION[w.hidden], batch_size=w.batch,
        solver="sgd", learning_rate_init=LEARNING_RATE, momentum=0, nesterovs_momentum=False, alpha=0,
    )  # fmt: skip
    # It makes its parameters at the first step, and keeps them in place from then on.
    model.partial_fit(*data[0], **classes)
    for parameter, weight in zip(model.coefs_, weights(w)):
        parameter[...] = weight.T
    for parameter in model.intercepts_:
        parameter[...] = 0

    def step(turn):
        model.partial_fit(*data[turn], **classes)
        return model.loss_

    return step


serve("scikit-learn", prepare)
