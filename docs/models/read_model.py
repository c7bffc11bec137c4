"""Reads a model file of `nn` with nothing but numpy, and predicts: python3 docs/models/read_model.py MODEL X1,X2,…"""

# ANCHOR: read
import json
import sys

import numpy as np

model = json.load(open(sys.argv[1]))
softmax = lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum()
activations = {"identity": lambda z: z, "relu": lambda z: np.maximum(z, 0), "tanh": np.tanh,
               "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "softmax": softmax}

a = np.array([float(x) for x in sys.argv[2].split(",")])
if "standardize" in model:
    a = (a - model["standardize"]["mean"]) / model["standardize"]["scale"]
for layer in model["layers"]:
    z = np.array(layer["weight"]) @ a + layer["bias"]  # z = W a + b
    a = activations[layer["activation"]](z)
print(a)
# ANCHOR_END: read
