//! Where parameters start: the distributions by their moments, the stream by its order.

mod common;

use common::{list, number, reference};
use nn_core::{Activation, Matrix, normal, seeded, uniform};
use nn_layers::{Dense, Initialization};

#[test]
fn names_are_those_of_the_command_line() {
    let names = Initialization::ALL.map(Initialization::name);
    assert_eq!(names, ["glorot", "he", "normal"]);
    assert_eq!(Initialization::ALL, [Initialization::Glorot, Initialization::He, Initialization::Normal]);
    assert_eq!(
        format!("{}|{:>8}|{:<4}|", Initialization::Glorot, Initialization::Normal, Initialization::He),
        "glorot|  normal|he  |"
    );
}

fn draw(initialization: Initialization, inputs: usize, outputs: usize, seed: u64) -> Dense<f64> {
    initialization.dense(inputs, outputs, Activation::Tanh, &mut seeded(seed))
}

fn moments(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    (mean, (numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt())
}

/// The formulas of the papers, and samples within five standard errors of them: the bounds are the file's.
#[test]
fn weights_have_the_moments_of_the_papers() {
    let file = reference("torch_init_stats");
    let entries = list(&file["entries"]);
    assert_eq!(entries.len(), 15);
    for (seed, entry) in (100..).zip(entries) {
        let name = entry["initialization"].as_str().expect("a name");
        let initialization = Initialization::ALL.into_iter().find(|i| i.name() == name).expect("an initialisation");
        let [inputs, outputs] = ["fan_in", "fan_out"].map(|key| number(&entry[key]) as usize);
        let (n_below, n) = (inputs as f64, outputs as f64);
        // The uniform distribution in ±c has the standard deviation c/√3.
        let (formula, deviation) = match initialization {
            Initialization::Glorot => ((6.0 / (n_below + n)).sqrt(), (2.0 / (n_below + n)).sqrt()),
            Initialization::He => ((2.0 / n_below).sqrt(), (2.0 / n_below).sqrt()),
            Initialization::Normal => (1.0, 1.0),
        };
        let near = |formula: f64, key: &str| (formula / number(&entry[key]) - 1.0).abs() < 1e-15;
        assert!(near(formula, "bound_or_std") && near(deviation, "theory_std"), "{name} {inputs} → {outputs}");

        let dense = draw(initialization, inputs, outputs, seed);
        assert_eq!((dense.inputs(), dense.outputs(), dense.activation), (inputs, outputs, Activation::Tanh));
        let weights = dense.weight.as_slice();
        let (mean, std) = moments(weights);
        assert!(mean.abs() <= number(&entry["mean_abs_max"]), "{name} {inputs} → {outputs}: mean {mean}");
        let off = (std / deviation - 1.0).abs();
        assert!(off <= number(&entry["std_rel_max"]), "{name} {inputs} → {outputs}: standard deviation {std}");

        let largest = weights.iter().map(|w| w.abs()).fold(0.0, f64::max);
        let range = match initialization {
            // All within the bound; that none of n ≥ 300 comes within a tenth of it has a chance of 0.9³⁰⁰ = 2e-14.
            Initialization::Glorot => 0.9 * formula..=formula,
            // Of n ≥ 300 normals, the largest is beyond 2σ but for a chance of 1e-6, and within 7σ.
            Initialization::He | Initialization::Normal => 2.0 * formula..=7.0 * formula,
        };
        assert!(range.contains(&largest), "{name} {inputs} → {outputs}: largest {largest}");
    }
}

/// What the sizes are for: through 20 layers of 512 ReLUs, the mean square of z stays with He's weights, halves in every
/// layer with Glorot's (variance 1/n where a layer is as wide as the one below), and grows by n/2 = 256 with normal ones.
///
/// One layer's factor strays by √(5/n), so that the mean of 19 of them strays by √(5/19n) = 0.023, here times five. (The
/// same layers in PyTorch 1.13.1 with 64 examples and He's weights gave 0.43 to 1.51 over 19 layers for 20 seeds, which is
/// 0.957 to 1.022 a layer.)
#[test]
fn signals_fade_stay_or_grow_through_relu_layers() {
    let factor_per_layer = |initialization: Initialization| {
        let mut rng = seeded(10);
        let mut a = Matrix::from_fn(512, 64, |_, _| normal(&mut rng));
        let mut z = Matrix::zeros(0, 0);
        let mean_squares = [(); 20].map(|()| {
            let dense = initialization.dense::<f64>(512, 512, Activation::Relu, &mut rng);
            dense.pre_activation(&a, &mut z);
            dense.activation_of(&z, &mut a);
            z.as_slice().iter().map(|z| z * z).sum::<f64>() / z.as_slice().len() as f64
        });
        (mean_squares[19] / mean_squares[0]).powf(1.0 / 19.0)
    };
    for (initialization, want) in
        [(Initialization::He, 1.0), (Initialization::Glorot, 0.5), (Initialization::Normal, 256.0)]
    {
        let got = factor_per_layer(initialization);
        assert!((got / want - 1.0).abs() < 5.0 * 0.023, "{initialization}: {got} a layer, not {want}");
    }
}

#[test]
fn biases_are_zero_or_normal() {
    for initialization in [Initialization::Glorot, Initialization::He] {
        assert_eq!(draw(initialization, 3, 1000, 7).bias, Matrix::zeros(1000, 1), "{initialization}");
    }
    let bias = draw(Initialization::Normal, 3, 10_000, 7).bias;
    assert_eq!(bias.shape().to_string(), "10000×1");
    // Five standard errors of the mean, 1/√n, and of the standard deviation, 1/√(2n).
    let (mean, std) = moments(bias.as_slice());
    assert!(mean.abs() < 5.0 / 100.0 && (std - 1.0).abs() < 5.0 / 20_000_f64.sqrt(), "{mean}, {std}");
}

/// Weights column by column, then biases, and nothing more is drawn: so that the next layer is the same, too.
#[test]
fn numbers_are_drawn_in_order() {
    for initialization in Initialization::ALL {
        let (mut rng, mut same) = (seeded(8), seeded(8));
        let dense = initialization.dense::<f64>(3, 2, Activation::Relu, &mut rng);
        for &w in dense.weight.as_slice() {
            let want = match initialization {
                Initialization::Glorot => (2.0 * uniform(&mut same) - 1.0) * (6.0_f64 / 5.0).sqrt(),
                Initialization::He => normal(&mut same) * (2.0_f64 / 3.0).sqrt(),
                Initialization::Normal => normal(&mut same),
            };
            assert_eq!(w, want, "{initialization}");
        }
        if initialization == Initialization::Normal {
            assert_eq!(dense.bias.as_slice(), [normal(&mut same), normal(&mut same)]);
        }
        assert_eq!(uniform(&mut rng), uniform(&mut same), "{initialization}");
    }
}

#[test]
fn single_precision_draws_the_same_numbers() {
    for initialization in Initialization::ALL {
        let double = draw(initialization, 20, 30, 9);
        let single: Dense<f32> = initialization.dense(20, 30, Activation::Tanh, &mut seeded(9));
        assert_eq!(single.weight, double.weight.map(|w| w as f32), "{initialization}");
        assert_eq!(single.bias, double.bias.map(|b| b as f32), "{initialization}");
    }
}
