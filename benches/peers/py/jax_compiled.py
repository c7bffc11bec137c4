"""JAX. `jit`: a Python loop of compiled steps; `loop`: the loop is compiled, too (lax.scan), and Python rests."""

import os
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")
if os.environ.get("BENCH_THREADS", "1") == "1":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp

from harness import BATCHES, LEARNING_RATE, PRECISION, batches, serve, weights

jax.config.update("jax_enable_x64", PRECISION == "f64")

ACTIVATION = {
    "identity": lambda z: z,
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "softmax": jax.nn.log_softmax,
}


def one_step(w, parameters, x, y):
    """The updated parameters, and J."""

    def loss(parameters):
        a = x
        for l, (weight, b) in enumerate(parameters, 1):
            a = ACTIVATION[w.hidden if l < len(parameters) else w.output](a @ weight + b)
        return -jnp.sum(y * a) / w.batch if w.loss == "cross-entropy" else jnp.sum((a - y) ** 2) / (2 * w.batch)

    value, gradients = jax.value_and_grad(loss)(parameters)
    return jax.tree.map(lambda p, g: p - LEARNING_RATE * g, parameters, gradients), value


def begin(w):
    """The parameters, and the four batches, in JAX's arrays."""
    parameters = [(jnp.asarray(weight.T), jnp.zeros(weight.shape[0], weight.dtype)) for weight in weights(w)]
    return parameters, [(jnp.asarray(x), jnp.asarray(y)) for x, y in batches(w)]


def prepare_jit(w):
    parameters, data = begin(w)
    # Donated parameters are updated where they are.
    compiled = jax.jit(lambda parameters, x, y: one_step(w, parameters, x, y), donate_argnums=0)

    def step(turn):
        nonlocal parameters
        parameters, loss = compiled(parameters, *data[turn])
        return loss

    return step


def prepare_loop(w):
    parameters, data = begin(w)
    data = tuple(map(jnp.stack, zip(*data)))
    epochs = 2 if w.flops > 1e7 else 25  # Enough for Python to be forgotten.

    def epoch(parameters, data):
        return jax.lax.scan(lambda parameters, batch: one_step(w, parameters, *batch), parameters, data, unroll=True)

    def loop(parameters, data):
        return jax.lax.scan(lambda parameters, _: epoch(parameters, data), parameters, length=epochs)

    compiled = jax.jit(loop, donate_argnums=0)

    def step(turn):
        nonlocal parameters
        parameters, losses = compiled(parameters, data)
        return losses.reshape(epochs * BATCHES)

    return step


serve("jax-" + sys.argv[1], {"jit": prepare_jit, "loop": prepare_loop}[sys.argv[1]])
