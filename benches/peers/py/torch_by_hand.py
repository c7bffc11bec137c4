"""PyTorch as a library of matrices: gradients by hand, no autograd, every operation into a buffer that exists."""

import torch

from harness import LEARNING_RATE, THREADS, batches, serve, weights

torch.set_num_threads(THREADS)

ACTIVATE = {"relu": torch.relu_, "tanh": torch.tanh_, "sigmoid": torch.sigmoid_}
# δ times the derivative, which is taken from a.
CHAIN = {
    "relu": lambda delta, a: delta.mul_(a > 0),
    "tanh": lambda delta, a: delta.mul_(1 - a * a),
    "sigmoid": lambda delta, a: delta.mul_(a).mul_(1 - a),
}


def output_delta(w, z, y, delta):
    """δ of the last layer times m, into `delta`, and J."""
    if w.loss == "cross-entropy":
        log_a = torch.log_softmax(z, 1)
        loss = torch.dot(log_a.view(-1), y.view(-1)) / -w.batch
        torch.sub(log_a.exp_(), y, out=delta)
        return loss
    if w.output in ACTIVATE:
        ACTIVATE[w.output](z)
    torch.sub(z, y, out=delta)
    loss = torch.dot(delta.view(-1), delta.view(-1)) / (2 * w.batch)
    if w.output in CHAIN:
        CHAIN[w.output](delta, z)
    return loss


@torch.inference_mode()
def prepare(w):
    data = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in batches(w)]
    W = [torch.from_numpy(weight.T.copy()) for weight in weights(w)]  # [n_{l−1}, n_l]
    b = [weight.new_zeros(weight.shape[1]) for weight in W]
    a = [None] + [weight.new_empty(w.batch, weight.shape[1]) for weight in W]
    delta = [None] + [torch.empty_like(each) for each in a[1:]]
    ones, layers, rate = W[0].new_ones(w.batch), len(W), LEARNING_RATE / w.batch

    @torch.inference_mode()
    def step(turn):
        a[0], y = data[turn]
        for l in range(layers):
            torch.addmm(b[l], a[l], W[l], out=a[l + 1])
            if l + 1 < layers:
                ACTIVATE[w.hidden](a[l + 1])
        loss = output_delta(w, a[layers], y, delta[layers])
        for l in reversed(range(layers)):
            if l > 0:
                torch.mm(delta[l + 1], W[l].t(), out=delta[l])
                CHAIN[w.hidden](delta[l], a[l])
            # The product is added to W at once: this is faster, and leaves no gradient to look at.
            W[l].addmm_(a[l].t(), delta[l + 1], alpha=-rate)
            b[l].addmv_(delta[l + 1].t(), ones, alpha=-rate)
        return loss

    return step


serve("torch-by-hand", prepare)
