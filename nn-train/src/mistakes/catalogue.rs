//! The list of mistakes. Each item says everything about one: the words, the equation, and the step that it changes.

use nn_core::{Activation, Loss, Matrix};

use super::mistake::{Equation, Form, Lines, Mistake, Place, Site};
use super::recursion::{
    LayerContext, Steps, apply, difference, product, row_sums, times, times_derivative, transposed, zip,
};

const AFFINE: &str = "affine";
const ACTIVATIONS: &str = "activations";
const LOSSES: &str = "losses";
const DELTA: &str = "delta-recursion";
const DESCENT: &str = "descent";

/// The title of a chapter that the catalogue refers to.
pub fn chapter_title(chapter: &str) -> &'static str {
    match chapter {
        AFFINE => "The affine map and batches",
        ACTIVATIONS => "Activation functions",
        LOSSES => "Losses",
        DESCENT => "Descent",
        _ => "The δ-recursion",
    }
}

/// The plain form of a mistake.
const fn form(change: fn(&mut Steps, &Site<'_>)) -> Form {
    Form { remark: "", convention: false, change }
}

/// A form with a remark.
const fn form_with(remark: &'static str, change: fn(&mut Steps, &Site<'_>)) -> Form {
    Form { remark, convention: false, change }
}

/// A form in which the loss is changed as well, so that the gradient is that of another loss.
const fn other_loss(remark: &'static str, change: fn(&mut Steps, &Site<'_>)) -> Form {
    Form { remark, convention: true, change }
}

/// Every mistake that is known, in the order in which a step is computed.
pub static CATALOGUE: &[Mistake] = &[
    // ——— Forward ———
    Mistake {
        id: "bias-missing",
        place: Place::LayerOrAll,
        sentence: "The bias is not added: z = W a, so that every unit's threshold is at 0.",
        equation: Equation {
            number: "3.1",
            chapter: AFFINE,
            right: "z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾{ + b⁽ˡ⁾}",
            wrong: "z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾",
        },
        in_last_layer: None,
        look_for: "the line that computes z: whether b is added, and whether it is the array that the update changes",
        numpy: Lines { wrong: "z = a_below @ W.T", right: "z = a_below @ W.T + b" },
        rust: Lines {
            wrong: "matmul(&weight, a_below, Write::Replace, &mut z)",
            right: "affine(&weight, a_below, &bias, &mut z)",
        },
        convention: false,
        forward: true,
        possible: |_| true,
        forms: &[form(|steps, _| steps.pre_activation = |at| product(&at.dense().weight, at.a_below()))],
    },
    Mistake {
        id: "activation-missing",
        place: Place::LayerOrAll,
        sentence: "The activation is left out: a = z, and the layer is linear.",
        equation: Equation {
            number: "3.2", chapter: AFFINE, right: "a⁽ˡ⁾ = {σ(z⁽ˡ⁾)}", wrong: "a⁽ˡ⁾ = {z⁽ˡ⁾}"
        },
        in_last_layer: None,
        look_for: "the line after z: whether its result, and not z, goes on to the next layer",
        numpy: Lines { wrong: "a = z", right: "a = sigmoid(z)" },
        rust: Lines { wrong: "let a = z.clone()", right: "activation.apply(&z, &mut a)" },
        convention: false,
        forward: true,
        possible: |site| site.activation() != Activation::Identity,
        forms: &[
            form_with("In the backward pass, σ′ is computed from a, which is z here.", |steps, _| {
                no_activation(steps);
            }),
            form_with("In the backward pass, σ′ is still taken at z.", |steps, _| {
                no_activation(steps);
                steps.slope = |at, error| times_derivative(at.activation, &apply(at.activation, at.z()), error);
            }),
            form_with("There is no σ′ in the backward pass either.", |steps, _| {
                no_activation(steps);
                steps.slope = |_, error| error;
            }),
            // Frameworks hand out logits, and keep the softmax in the loss.
            other_loss(
                "δ is right: your loss contains the activation, and what you call a are its logits z.",
                |steps, site| {
                    if site.is_cancelled() {
                        steps.activate = |at| at.z().clone();
                        steps.loss = |at| at.loss().value(at.z(), &apply(at.activation, at.z()), at.y());
                        steps.loss_gradient = |at| difference(&apply(at.activation, at.z()), at.y(), 1.0 / at.m());
                    }
                },
            ),
        ],
    },
    Mistake {
        id: "other-activation",
        place: Place::LayerOrAll,
        sentence: "Another activation than the model's is applied.",
        equation: Equation {
            number: "3.2", chapter: AFFINE, right: "a⁽ˡ⁾ = {σ}(z⁽ˡ⁾)", wrong: "a⁽ˡ⁾ = {τ}(z⁽ˡ⁾)"
        },
        in_last_layer: None,
        look_for: "which function this layer calls, and which one the model file names",
        numpy: Lines { wrong: "a = np.tanh(z)", right: "a = sigmoid(z)" },
        rust: Lines { wrong: "Activation::Tanh.apply(&z, &mut a)", right: "layer.activation.apply(&z, &mut a)" },
        convention: false,
        forward: true,
        possible: |_| true,
        forms: &[
            form_with("It is step.", |steps, _| other_activation(steps, Activation::Step)),
            form_with("It is relu.", |steps, _| other_activation(steps, Activation::Relu)),
            form_with("It is leaky-relu.", |steps, _| other_activation(steps, Activation::LeakyRelu)),
            form_with("It is sigmoid.", |steps, _| other_activation(steps, Activation::Sigmoid)),
            form_with("It is tanh.", |steps, _| other_activation(steps, Activation::Tanh)),
            form_with("It is softplus.", |steps, _| other_activation(steps, Activation::Softplus)),
            form_with("It is softmax.", |steps, _| other_activation(steps, Activation::Softmax)),
        ],
    },
    Mistake {
        id: "softmax-over-examples",
        place: Place::Last,
        sentence: "Softmax is taken over the examples of the batch, not over the classes: the probabilities of one class sum to 1.",
        equation: Equation {
            number: "4.3",
            chapter: ACTIVATIONS,
            right: "aᵢⱼ = e^zᵢⱼ / {Σₖ e^zₖⱼ}   (over the classes k)",
            wrong: "aᵢⱼ = e^zᵢⱼ / {Σₖ e^zᵢₖ}   (over the examples k)",
        },
        in_last_layer: None,
        look_for: "the axis (NumPy, JAX) or dim (PyTorch) of softmax and of its sum",
        numpy: Lines { wrong: "a = e / e.sum(axis=0, keepdims=True)", right: "a = e / e.sum(axis=1, keepdims=True)" },
        rust: Lines {
            wrong: "for i in 0..z.rows() { /* softmax of row i */ }",
            right: "for j in 0..z.columns() { softmax(z.column(j), a.column_mut(j)) }",
        },
        convention: false,
        forward: true,
        possible: |site| site.is_last() && site.activation() == Activation::Softmax,
        forms: &[
            form_with("In the backward pass the derivative is that of softmax over the classes.", |steps, _| {
                steps.activate = softmax_over_examples;
                steps.loss = loss_of_a;
            }),
            form_with("The derivative is taken over the examples too.", |steps, _| {
                steps.activate = softmax_over_examples;
                steps.loss = loss_of_a;
                steps.loss_gradient = derivative_by_a;
                steps.cancelled = false;
                steps.slope = |at, error| {
                    transposed(&times_derivative(Activation::Softmax, &transposed(at.a()), transposed(&error)))
                };
            }),
        ],
    },
    // ——— The output error, and what scales everything ———
    Mistake {
        id: "mean-missing",
        place: Place::All,
        sentence: "1/m is left out: the gradient is the sum over the examples of the batch, m times the mean.",
        equation: Equation {
            number: "5.2",
            chapter: LOSSES,
            right: "∂J/∂a⁽ᴸ⁾ = (a⁽ᴸ⁾ − y){/m}",
            wrong: "∂J/∂a⁽ᴸ⁾ = a⁽ᴸ⁾ − y",
        },
        in_last_layer: None,
        look_for: "the division by the number of examples: it stands once, in the output error or in the gradients",
        numpy: Lines { wrong: "delta = a - y", right: "delta = (a - y) / len(y)" },
        rust: Lines { wrong: "*g = a - y", right: "*g = (a - y) / m" },
        convention: false,
        forward: false,
        possible: |_| true,
        forms: &[
            form(|steps, site| steps.factor *= site.m()),
            other_loss("Your J is the sum over the examples too.", |steps, site| both(steps, site.m())),
        ],
    },
    Mistake {
        id: "mean-twice",
        place: Place::All,
        sentence: "1/m is taken twice, in the output error and again later.",
        equation: Equation {
            number: "5.2",
            chapter: LOSSES,
            right: "∂J/∂a⁽ᴸ⁾ = (a⁽ᴸ⁾ − y)/{m}",
            wrong: "∂J/∂a⁽ᴸ⁾ = (a⁽ᴸ⁾ − y)/{m²}",
        },
        in_last_layer: None,
        look_for: "every division by the number of examples, and every mean: one of them is enough",
        numpy: Lines { wrong: "dW = delta.T @ a_below / len(y)", right: "dW = delta.T @ a_below  # 1/m is in delta" },
        rust: Lines { wrong: "gradient.map_in_place(|g| g / m)", right: "// 1/m is in δ⁽ᴸ⁾ and nowhere else" },
        convention: false,
        forward: false,
        possible: |_| true,
        forms: &[
            form(|steps, site| steps.factor /= site.m()),
            other_loss("Your J has been divided twice too.", |steps, site| both(steps, 1.0 / site.m())),
        ],
    },
    Mistake {
        id: "half-missing",
        place: Place::All,
        sentence: "The gradient is twice ours: it belongs to the loss without its ½.",
        equation: Equation {
            number: "5.1",
            chapter: LOSSES,
            right: "J = {1/(2m)} Σ (aᵢ − yᵢ)²",
            wrong: "J = {1/m} Σ (aᵢ − yᵢ)²",
        },
        in_last_layer: None,
        look_for: "a factor 2 from the derivative of the square: the ½ of the loss is there to cancel it",
        numpy: Lines { wrong: "delta = 2 * (a - y) / len(y)", right: "delta = (a - y) / len(y)" },
        rust: Lines { wrong: "*g = 2.0 * (a - y) / m", right: "*g = (a - y) / m" },
        convention: false,
        forward: false,
        possible: |site| site.loss() == Loss::LeastSquares,
        forms: &[
            form(|steps, _| steps.factor *= 2.0),
            other_loss("Your J has no ½ either.", |steps, _| both(steps, 2.0)),
        ],
    },
    Mistake {
        id: "mean-over-outputs",
        place: Place::All,
        sentence: "The mean is taken over the outputs as well as over the examples.",
        equation: Equation {
            number: "5.2",
            chapter: LOSSES,
            right: "∂J/∂a⁽ᴸ⁾ = (a⁽ᴸ⁾ − y)/{m}",
            wrong: "∂J/∂a⁽ᴸ⁾ = (a⁽ᴸ⁾ − y)/{(m n_L)}",
        },
        in_last_layer: None,
        look_for: "a mean over all entries of an array (np.mean, PyTorch's MSELoss or BCELoss with their default reduction)",
        numpy: Lines { wrong: "J = np.mean((a - y) ** 2)", right: "J = np.sum((a - y) ** 2) / (2 * len(y))" },
        rust: Lines { wrong: "*g = (a - y) / (m * n)", right: "*g = (a - y) / m" },
        convention: false,
        forward: false,
        possible: |_| true,
        forms: &[
            form(|steps, site| steps.factor /= site.outputs()),
            form_with("The factor 2 of the square is there too.", |steps, site| {
                if site.loss() == Loss::LeastSquares {
                    steps.factor *= 2.0 / site.outputs();
                }
            }),
            other_loss("Your J is that mean too.", |steps, site| both(steps, 1.0 / site.outputs())),
            other_loss("Your J is that mean too, without the ½: the MSELoss of PyTorch.", |steps, site| {
                if site.loss() == Loss::LeastSquares {
                    both(steps, 2.0 / site.outputs());
                }
            }),
        ],
    },
    Mistake {
        id: "sign-turned",
        place: Place::All,
        sentence: "The sign is flipped: y − a in place of a − y, so that gradient descent climbs.",
        equation: Equation {
            number: "5.2",
            chapter: LOSSES,
            right: "∂J/∂a⁽ᴸ⁾ = ({a⁽ᴸ⁾ − y})/m",
            wrong: "∂J/∂a⁽ᴸ⁾ = ({y − a⁽ᴸ⁾})/m",
        },
        in_last_layer: None,
        look_for: "the order of output and target; y − a is right only if the update adds the gradient",
        numpy: Lines { wrong: "delta = (y - a) / len(y)", right: "delta = (a - y) / len(y)" },
        rust: Lines { wrong: "*g = (y - a) / m", right: "*g = (a - y) / m" },
        convention: false,
        forward: false,
        possible: |_| true,
        forms: &[form(|steps, _| steps.factor *= -1.0)],
    },
    Mistake {
        id: "output-slope-twice",
        place: Place::Last,
        sentence: "σ′ is applied to δ⁽ᴸ⁾ although it has cancelled against the cross-entropy.",
        equation: Equation {
            number: "5.4",
            chapter: LOSSES,
            right: "δ⁽ᴸ⁾ = (a⁽ᴸ⁾ − y)/m",
            wrong: "δ⁽ᴸ⁾ = (a⁽ᴸ⁾ − y)/m{ ⊙ σ′(z⁽ᴸ⁾)}",
        },
        in_last_layer: None,
        look_for: "the output error: a − y is ∂J/∂z already, and is not multiplied with the derivative of softmax or sigmoid",
        numpy: Lines { wrong: "delta = (a - y) / len(y) * a * (1 - a)", right: "delta = (a - y) / len(y)" },
        rust: Lines {
            wrong: "activation.backward(&a, &mut delta)", right: "// σ′ is in ∂J/∂z⁽ᴸ⁾ already"
        },
        convention: false,
        forward: false,
        possible: |site| site.is_last() && site.is_cancelled(),
        forms: &[
            form(|steps, _| steps.cancelled = false),
            form_with("Of softmax, only a(1 − a) is applied.", |steps, _| {
                steps.cancelled = false;
                steps.slope = diagonal;
            }),
        ],
    },
    Mistake {
        id: "softmax-diagonal-only",
        place: Place::Last,
        sentence: "a(1 − a) is only the diagonal of softmax's Jacobian: every output depends on every z.",
        equation: Equation {
            number: "4.4",
            chapter: ACTIVATIONS,
            right: "δᵢ = aᵢ (∂J/∂aᵢ − {Σₖ ∂J/∂aₖ aₖ})",
            wrong: "δᵢ = aᵢ (∂J/∂aᵢ − {∂J/∂aᵢ aᵢ})",
        },
        in_last_layer: None,
        look_for: "a * (1 - a) after softmax: it is the diagonal of the Jacobian, whose other entries are not zero",
        numpy: Lines {
            wrong: "delta = error * a * (1 - a)",
            right: "delta = a * (error - (error * a).sum(axis=1, keepdims=True))",
        },
        rust: Lines { wrong: "*g *= a * (1.0 - a)", right: "softmax_backward(a.column(j), error.column_mut(j))" },
        convention: false,
        forward: false,
        possible: |site| site.is_last() && site.activation() == Activation::Softmax && !site.is_cancelled(),
        forms: &[form(|steps, _| steps.slope = diagonal)],
    },
    Mistake {
        id: "cross-entropy-gradient-of-a",
        place: Place::Last,
        sentence: "∂J/∂a is used as ∂J/∂z: the derivative of the last activation is missing.",
        equation: Equation {
            number: "5.4",
            chapter: LOSSES,
            right: "δ⁽ᴸ⁾ = {(a⁽ᴸ⁾ − y)/m}",
            wrong: "δ⁽ᴸ⁾ = {−y/(a⁽ᴸ⁾ m)}",
        },
        in_last_layer: None,
        look_for: "a division by a in the output error",
        numpy: Lines { wrong: "delta = -y / a / len(y)", right: "delta = (a - y) / len(y)" },
        rust: Lines { wrong: "*g = -y / a / m", right: "*g = (a - y) / m" },
        convention: false,
        forward: false,
        possible: |site| site.is_last() && site.is_cancelled(),
        forms: &[form(|steps, _| steps.loss_gradient = derivative_by_a)],
    },
    // ——— σ′ ———
    Mistake {
        id: "sigma-prime-missing",
        place: Place::LayerOrAll,
        sentence: "σ′ is left out: δ is ∂J/∂a, without the derivative of the activation. Its sign is right, so the \
                   network may still learn.",
        equation: Equation {
            number: "7.4",
            chapter: DELTA,
            right: "δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾){ ⊙ σ′(z⁽ˡ⁾)}",
            wrong: "δ⁽ˡ⁾ = W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾",
        },
        in_last_layer: Some(Equation {
            number: "7.3",
            chapter: DELTA,
            right: "δ⁽ˡ⁾ = ∂J/∂a⁽ˡ⁾{ ⊙ σ′(z⁽ˡ⁾)}",
            wrong: "δ⁽ˡ⁾ = ∂J/∂a⁽ˡ⁾",
        }),
        look_for: "the line that computes δ: it has to end with a factor for the activation",
        numpy: Lines { wrong: "delta = error", right: "delta = error * a * (1 - a)  # sigmoid" },
        rust: Lines { wrong: "let delta = error", right: "activation.backward(&a, &mut error)" },
        convention: false,
        forward: false,
        possible: |site| site.has_slope(),
        forms: &[form(|steps, _| steps.slope = |_, error| error)],
    },
    Mistake {
        id: "sigma-prime-of-a",
        place: Place::LayerOrAll,
        sentence: "σ′ is evaluated at a in place of z: the activation is applied twice.",
        equation: Equation {
            number: "7.4",
            chapter: DELTA,
            right: "δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′({z⁽ˡ⁾})",
            wrong: "δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′({a⁽ˡ⁾})",
        },
        in_last_layer: Some(Equation {
            number: "7.3",
            chapter: DELTA,
            right: "δ⁽ˡ⁾ = ∂J/∂a⁽ˡ⁾ ⊙ σ′({z⁽ˡ⁾})",
            wrong: "δ⁽ˡ⁾ = ∂J/∂a⁽ˡ⁾ ⊙ σ′({a⁽ˡ⁾})",
        }),
        look_for: "a function σ′(z) that is called with a",
        numpy: Lines {
            wrong: "delta = error * sigmoid_prime(a)  # s(a) * (1 - s(a))",
            right: "delta = error * sigmoid_prime(z)",
        },
        rust: Lines { wrong: "let s = sigmoid(a); error * s * (1.0 - s)", right: "error * a * (1.0 - a)" },
        convention: false,
        forward: false,
        possible: |site| site.has_slope(),
        forms: &[form(|steps, _| {
            steps.slope = |at, error| times_derivative(at.activation, &apply(at.activation, at.a()), error);
        })],
    },
    Mistake {
        id: "sigma-prime-of-z",
        place: Place::LayerOrAll,
        sentence: "The formula of σ′ in a, such as a(1 − a), is applied to z.",
        equation: Equation {
            number: "7.4",
            chapter: DELTA,
            right: "δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ {a⁽ˡ⁾(1 − a⁽ˡ⁾)}   (sigmoid)",
            wrong: "δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ {z⁽ˡ⁾(1 − z⁽ˡ⁾)}",
        },
        in_last_layer: Some(Equation {
            number: "7.3",
            chapter: DELTA,
            right: "δ⁽ˡ⁾ = ∂J/∂a⁽ˡ⁾ ⊙ {a⁽ˡ⁾(1 − a⁽ˡ⁾)}   (sigmoid)",
            wrong: "δ⁽ˡ⁾ = ∂J/∂a⁽ˡ⁾ ⊙ {z⁽ˡ⁾(1 − z⁽ˡ⁾)}",
        }),
        look_for: "a function such as x * (1 - x) that is called with z; it needs a",
        numpy: Lines { wrong: "delta = error * z * (1 - z)", right: "delta = error * a * (1 - a)" },
        rust: Lines { wrong: "activation.backward(&z, &mut error)", right: "activation.backward(&a, &mut error)" },
        convention: false,
        forward: false,
        possible: |site| site.has_slope(),
        forms: &[form(|steps, _| steps.slope = |at, error| times_derivative(at.activation, at.z(), error))],
    },
    Mistake {
        id: "sigma-prime-of-error",
        place: Place::LayerOrAll,
        sentence: "The formula of σ′ in a, such as a(1 − a), is applied to the error.",
        equation: Equation {
            number: "7.4",
            chapter: DELTA,
            right: "δ⁽ˡ⁾ = e ⊙ {a⁽ˡ⁾(1 − a⁽ˡ⁾)}, e = W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾   (sigmoid)",
            wrong: "δ⁽ˡ⁾ = e ⊙ {e(1 − e)}",
        },
        in_last_layer: Some(Equation {
            number: "7.3",
            chapter: DELTA,
            right: "δ⁽ˡ⁾ = e ⊙ {a⁽ˡ⁾(1 − a⁽ˡ⁾)}, e = ∂J/∂a⁽ˡ⁾   (sigmoid)",
            wrong: "δ⁽ˡ⁾ = e ⊙ {e(1 − e)}",
        }),
        look_for: "the argument of σ′: it is a, not the error",
        numpy: Lines { wrong: "delta = dh * dh * (1 - dh)", right: "delta = dh * h * (1 - h)" },
        rust: Lines { wrong: "*e *= *e * (1.0 - *e)", right: "*e *= a * (1.0 - a)" },
        convention: false,
        forward: false,
        possible: |site| site.has_slope(),
        forms: &[
            form(|steps, _| steps.slope = |at, e| slope_of_error(at, e, 1.0, true)),
            form_with("The error itself is not a factor: δ = e(1 − e).", |steps, _| {
                steps.slope = |at, e| slope_of_error(at, e, 1.0, false);
            }),
            form_with("It is done for each example, and 1/m comes at the end.", |steps, _| {
                steps.slope = |at, e| slope_of_error(at, e, at.m(), true);
            }),
            form_with(
                "The error itself is not a factor, δ = e(1 − e); it is done for each example, and 1/m comes at the end.",
                |steps, _| steps.slope = |at, e| slope_of_error(at, e, at.m(), false),
            ),
        ],
    },
    // ——— Backpropagation through W ———
    Mistake {
        id: "weight-not-transposed",
        place: Place::LayerOrAll,
        sentence: "The error is backpropagated through W, not through its transpose: the sum runs over the wrong index.",
        equation: Equation {
            number: "7.4",
            chapter: DELTA,
            right: "δ⁽ˡ⁾ = ({W⁽ˡ⁺¹⁾ᵀ} δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾)",
            wrong: "δ⁽ˡ⁾ = ({W⁽ˡ⁺¹⁾} δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾)",
        },
        in_last_layer: None,
        look_for: "the transpose in the backward pass; with layers of unequal widths this is a shape error",
        numpy: Lines { wrong: "error = delta_above @ W_above.T", right: "error = delta_above @ W_above" },
        rust: Lines {
            wrong: "matmul(&above.weight, delta_above, …)",
            right: "matmul(above.weight.t(), delta_above, …)",
        },
        convention: false,
        forward: false,
        possible: |site| site.is_hidden() && site.outputs_of(1) == site.outputs_of(0),
        forms: &[form(|steps, _| steps.backpropagate = |at| product(&at.above().weight, at.delta_above()))],
    },
    Mistake {
        id: "weight-of-this-layer",
        place: Place::LayerOrAll,
        sentence: "The error is backpropagated through this layer's own weights, not through those of the layer above.",
        equation: Equation {
            number: "7.4",
            chapter: DELTA,
            right: "δ⁽ˡ⁾ = ({W⁽ˡ⁺¹⁾}ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾)",
            wrong: "δ⁽ˡ⁾ = ({W⁽ˡ⁾}ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾)",
        },
        in_last_layer: None,
        look_for: "the index of the weights in the backward pass: it is one higher than that of the δ that is computed",
        numpy: Lines { wrong: "error = delta[l + 1] @ W[l]", right: "error = delta[l + 1] @ W[l + 1]" },
        rust: Lines {
            wrong: "matmul(dense[l].weight.t(), delta_above, …)",
            right: "matmul(dense[l + 1].weight.t(), delta_above, …)",
        },
        convention: false,
        forward: false,
        possible: |site| {
            site.is_hidden() && site.outputs_of(1) == site.outputs_of(0) && site.outputs_of(0) == site.inputs()
        },
        forms: &[form(|steps, _| steps.backpropagate = |at| product(at.dense().weight.t(), at.delta_above()))],
    },
    Mistake {
        id: "weight-already-updated",
        place: Place::All,
        sentence: "The error is backpropagated through weights that this very step had already updated.",
        equation: Equation {
            number: "10.1",
            chapter: DESCENT,
            right: "δ⁽ˡ⁾ = ({W⁽ˡ⁺¹⁾}ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾)",
            wrong: "δ⁽ˡ⁾ = (({W⁽ˡ⁺¹⁾ − η ∂J/∂W⁽ˡ⁺¹⁾})ᵀ δ⁽ˡ⁺¹⁾) ⊙ σ′(z⁽ˡ⁾)",
        },
        in_last_layer: None,
        look_for: "an update inside the loop over the layers: all gradients come first, then all updates",
        numpy: Lines {
            wrong: "W[l + 1] -= rate * dW[l + 1]; error = delta[l + 1] @ W[l + 1]",
            right: "error = delta[l + 1] @ W[l + 1]  # updates after the loop",
        },
        rust: Lines {
            wrong: "sgd_update(&mut dense[l + 1].weight, …); hidden_delta(&dense[l + 1], …)",
            right: "hidden_delta(&dense[l + 1], …) // updates after the loop",
        },
        convention: false,
        forward: false,
        possible: |site| site.is_hidden() && site.problem.learning_rate.is_some(),
        forms: &[form(|steps, _| {
            steps.backpropagate = |at| {
                let rate = at.learning_rate();
                let updated = zip(&at.above().weight, at.weight_gradient_above(), |w, g| w - rate * g);
                product(updated.t(), at.delta_above())
            };
        })],
    },
    // ——— Gradients ———
    Mistake {
        id: "activation-of-this-layer",
        place: Place::LayerOrAll,
        sentence: "The weight gradient is computed with this layer's own activation, not with that of the layer below.",
        equation: Equation {
            number: "7.2",
            chapter: DELTA,
            right: "∂J/∂W⁽ˡ⁾ = δ⁽ˡ⁾ ({a⁽ˡ⁻¹⁾})ᵀ",
            wrong: "∂J/∂W⁽ˡ⁾ = δ⁽ˡ⁾ ({a⁽ˡ⁾})ᵀ",
        },
        in_last_layer: None,
        look_for: "the index of a beside δ⁽ˡ⁾; in a list that begins with x, a⁽ˡ⁻¹⁾ stands at l − 1",
        numpy: Lines { wrong: "dW[l] = delta[l].T @ a[l]", right: "dW[l] = delta[l].T @ a[l - 1]" },
        rust: Lines { wrong: "matmul(&delta, a.t(), …)", right: "matmul(&delta, a_below.t(), …)" },
        convention: false,
        forward: false,
        possible: |site| site.outputs_of(0) == site.inputs(),
        forms: &[form(|steps, _| steps.weight_gradient = |at| product(at.delta(), at.a().t()))],
    },
    Mistake {
        id: "pre-activation-for-activation",
        place: Place::LayerOrAll,
        sentence: "The weight gradient is computed with z of the layer below in place of its activation a.",
        equation: Equation {
            number: "7.2",
            chapter: DELTA,
            right: "∂J/∂W⁽ˡ⁾ = δ⁽ˡ⁾ ({a⁽ˡ⁻¹⁾})ᵀ",
            wrong: "∂J/∂W⁽ˡ⁾ = δ⁽ˡ⁾ ({z⁽ˡ⁻¹⁾})ᵀ",
        },
        in_last_layer: None,
        look_for: "which of the two kept lists, z or a, the weight gradient reads",
        numpy: Lines { wrong: "dW[l] = delta[l].T @ z[l - 1]", right: "dW[l] = delta[l].T @ a[l - 1]" },
        rust: Lines { wrong: "matmul(&delta, z_below.t(), …)", right: "matmul(&delta, a_below.t(), …)" },
        convention: false,
        forward: false,
        possible: |site| site.l > 0,
        forms: &[form(|steps, _| steps.weight_gradient = |at| product(at.delta(), at.z_below().t()))],
    },
    Mistake {
        id: "last-example-only",
        place: Place::All,
        sentence: "Each example's gradient replaces the one before it: only the last example of the batch counts.",
        equation: Equation {
            number: "7.2",
            chapter: DELTA,
            right: "∂J/∂W⁽ˡ⁾ = {Σⱼ} δ⁽ˡ⁾ⱼ (a⁽ˡ⁻¹⁾ⱼ)ᵀ",
            wrong: "∂J/∂W⁽ˡ⁾ = δ⁽ˡ⁾ₘ (a⁽ˡ⁻¹⁾ₘ)ᵀ",
        },
        in_last_layer: None,
        look_for: "an = in the loop over the examples that should be a +=",
        numpy: Lines { wrong: "dW[l] = np.outer(delta, a_below)", right: "dW[l] += np.outer(delta, a_below)" },
        rust: Lines { wrong: "matmul(…, Write::Replace, …)", right: "matmul(…, Write::Add, …)" },
        convention: false,
        forward: false,
        possible: |_| true,
        forms: &[
            form(|steps, _| {
                steps.weight_gradient = |at| last_example_weight_gradient(at, 1.0);
                steps.bias_gradient = |at| column(at.delta(), at.delta().columns() - 1, 1.0);
            }),
            form_with("It is not divided by m either.", |steps, _| {
                steps.weight_gradient = |at| last_example_weight_gradient(at, at.m());
                steps.bias_gradient = |at| column(at.delta(), at.delta().columns() - 1, at.m());
            }),
        ],
    },
    Mistake {
        id: "bias-gradient-first-example",
        place: Place::LayerOrAll,
        sentence: "The bias gradient is the δ of the first example, not the sum over all of them.",
        equation: Equation {
            number: "7.2",
            chapter: DELTA,
            right: "∂J/∂b⁽ˡ⁾ = {Σⱼ δ⁽ˡ⁾ⱼ}",
            wrong: "∂J/∂b⁽ˡ⁾ = {δ⁽ˡ⁾₁}",
        },
        in_last_layer: None,
        look_for: "the sum over the examples in the bias gradient, and its axis",
        numpy: Lines { wrong: "db = delta[0]", right: "db = delta.sum(axis=0)" },
        rust: Lines { wrong: "Matrix::from_column(delta.column(0))", right: "sum_columns(&delta, …)" },
        convention: false,
        forward: false,
        possible: |_| true,
        forms: &[
            form(|steps, _| steps.bias_gradient = |at| column(at.delta(), 0, 1.0)),
            form_with("It is not divided by m either.", |steps, _| {
                steps.bias_gradient = |at| column(at.delta(), 0, at.m());
            }),
        ],
    },
    Mistake {
        id: "bias-gradient-mean",
        place: Place::LayerOrAll,
        sentence: "The bias gradient is divided by m once more: a mean over the examples where 1/m is in δ already.",
        equation: Equation {
            number: "7.2",
            chapter: DELTA,
            right: "∂J/∂b⁽ˡ⁾ = δ⁽ˡ⁾ 1",
            wrong: "∂J/∂b⁽ˡ⁾ = {1/m} δ⁽ˡ⁾ 1",
        },
        in_last_layer: None,
        look_for: "a mean in the bias gradient beside a sum in the weight gradient",
        numpy: Lines { wrong: "db = delta.mean(axis=0)", right: "db = delta.sum(axis=0)" },
        rust: Lines { wrong: "bias_gradient.map_in_place(|g| g / m)", right: "sum_columns(&delta, …)" },
        convention: false,
        forward: false,
        possible: |_| true,
        forms: &[form(|steps, _| steps.bias_gradient = |at| times(row_sums(at.delta()), 1.0 / at.m()))],
    },
    Mistake {
        id: "bias-gradient-missing",
        place: Place::LayerOrAll,
        sentence: "The bias gradient is zero: the biases never learn.",
        equation: Equation {
            number: "7.2", chapter: DELTA, right: "∂J/∂b⁽ˡ⁾ = {δ⁽ˡ⁾ 1}", wrong: "∂J/∂b⁽ˡ⁾ = {0}"
        },
        in_last_layer: None,
        look_for: "whether the bias gradient is ever written, after it has been set to zero",
        numpy: Lines { wrong: "db = np.zeros_like(b)", right: "db = delta.sum(axis=0)" },
        rust: Lines { wrong: "bias_gradient.fill(0.0)", right: "sum_columns(&delta, …)" },
        convention: false,
        forward: false,
        possible: |_| true,
        forms: &[form(|steps, _| steps.bias_gradient = |at| Matrix::zeros(at.delta().rows(), 1))],
    },
    Mistake {
        id: GRADIENT_TRANSPOSED,
        place: Place::LayerOrAll,
        sentence: "These are the right numbers in the other layout, n_{l−1} × n_l, as Keras and JAX keep W.",
        equation: Equation {
            number: "7.2",
            chapter: DELTA,
            right: "∂J/∂W⁽ˡ⁾ = {δ⁽ˡ⁾ (a⁽ˡ⁻¹⁾)ᵀ}",
            wrong: "(∂J/∂W⁽ˡ⁾)ᵀ = {a⁽ˡ⁻¹⁾ δ⁽ˡ⁾ᵀ}",
        },
        in_last_layer: None,
        look_for: "the shape of W in your code: a row for each input in place of one for each unit; that is no error",
        numpy: Lines { wrong: "dW = a_below.T @ delta", right: "dW = delta.T @ a_below" },
        rust: Lines { wrong: "matmul(a_below, delta.t(), …)", right: "matmul(&delta, a_below.t(), …)" },
        convention: true,
        forward: false,
        possible: |_| true,
        forms: &[form(|steps, _| steps.weight_gradient = |at| product(at.a_below(), at.delta().t()))],
    },
];

/// The id of the one item that is a layout and no error.
pub(crate) const GRADIENT_TRANSPOSED: &str = "gradient-transposed";

impl Site<'_> {
    fn activation(&self) -> Activation {
        self.problem.network.layers()[self.l].activation
    }

    fn loss(&self) -> Loss {
        self.problem.network.loss()
    }

    fn m(&self) -> f64 {
        self.problem.y.columns() as f64
    }

    /// n_L
    fn outputs(&self) -> f64 {
        self.problem.y.rows() as f64
    }

    /// n_{l+k}
    fn outputs_of(&self, k: usize) -> usize {
        self.problem.network.layers()[self.l + k].outputs()
    }

    /// n_{l−1}
    fn inputs(&self) -> usize {
        self.problem.network.layers()[self.l].inputs()
    }

    fn is_last(&self) -> bool {
        self.l + 1 == self.problem.network.layers().len()
    }

    fn is_hidden(&self) -> bool {
        !self.is_last()
    }

    /// Whether σ′ of the last layer has cancelled against the loss.
    fn is_cancelled(&self) -> bool {
        self.is_last() && self.loss().activation().is_some()
    }

    /// Whether σ′ is a factor of the δ of this layer.
    fn has_slope(&self) -> bool {
        !self.is_cancelled() && self.activation() != Activation::Identity
    }
}

// ——— What the steps of several mistakes share ———

fn no_activation(steps: &mut Steps) {
    steps.activate = |at| at.z().clone();
    steps.loss = loss_of_a;
}

fn other_activation(steps: &mut Steps, activation: Activation) {
    if steps.activation != activation {
        steps.activation = activation;
        steps.loss = loss_of_a;
    }
}

fn softmax_over_examples(at: &LayerContext<'_>) -> Matrix<f64> {
    transposed(&apply(Activation::Softmax, &transposed(at.z())))
}

/// The loss and its gradient times a factor.
fn both(steps: &mut Steps, factor: f64) {
    steps.loss_factor *= factor;
    steps.factor *= factor;
}

/// J computed from a, by whatever activation.
fn loss_of_a(at: &LayerContext<'_>) -> f64 {
    let entries = at.a().as_slice().iter().zip(at.y().as_slice());
    let ln = |y: f64, a: f64| if y == 0.0 { 0.0 } else { y * a.ln() };
    match at.loss() {
        Loss::LeastSquares => at.loss().value(at.z(), at.a(), at.y()),
        Loss::CrossEntropy => entries.map(|(&a, &y)| -ln(y, a)).sum::<f64>() / at.m(),
        Loss::BinaryCrossEntropy => entries.map(|(&a, &y)| -ln(y, a) - ln(1.0 - y, 1.0 - a)).sum::<f64>() / at.m(),
    }
}

/// ∂J/∂a⁽ᴸ⁾, where the loss is a function of a alone.
fn derivative_by_a(at: &LayerContext<'_>) -> Matrix<f64> {
    let m = at.m();
    match at.loss() {
        Loss::LeastSquares => difference(at.a(), at.y(), 1.0 / m),
        Loss::CrossEntropy => zip(at.a(), at.y(), |a, y| -y / (a * m)),
        Loss::BinaryCrossEntropy => zip(at.a(), at.y(), |a, y| (a - y) / (a * (1.0 - a) * m)),
    }
}

/// error ⊙ a(1 − a)
fn diagonal(at: &LayerContext<'_>, error: Matrix<f64>) -> Matrix<f64> {
    times_derivative(Activation::Sigmoid, at.a(), error)
}

/// e ⊙ σ′(“a = e”), or without its first factor, for e = `scale` times the error.
fn slope_of_error(at: &LayerContext<'_>, error: Matrix<f64>, scale: f64, is_factor: bool) -> Matrix<f64> {
    let error = times(error, scale);
    let factor = if is_factor { error.clone() } else { error.map(|_| 1.0) };
    times(times_derivative(at.activation, &error, factor), 1.0 / scale)
}

fn column(delta: &Matrix<f64>, j: usize, factor: f64) -> Matrix<f64> {
    times(Matrix::from_column(delta.column(j)), factor)
}

fn last_example_weight_gradient(at: &LayerContext<'_>, factor: f64) -> Matrix<f64> {
    let last = at.y().columns() - 1;
    product(&column(at.delta(), last, factor), column(at.a_below(), last, 1.0).t())
}
