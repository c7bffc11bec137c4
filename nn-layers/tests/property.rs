//! Random networks: whatever the depth, the widths, the batch, the activations and the loss are, the four ways to a gradient
//! agree. Ten thousand of them are checked by `cargo run --release -p nn-layers --example ten_thousand_networks`.

use nn_core::{Activation, Scalar};
use nn_layers::{Bounds, GradientCheck, check_gradients};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed};

#[path = "common/random_network.rs"]
mod random_network;

use random_network::{Case, ends};

/// 1 to 5 layers of 1 to 8 units. Proptest shrinks a case that fails to fewer layers, units and examples.
fn cases() -> impl Strategy<Value = Case> {
    let hidden = prop::collection::vec((1..=8_usize, select(Activation::ALL.to_vec())), 0..=4);
    (1..=8_usize, hidden, 1..=8_usize, select(ends()), 1..=8_usize, any::<u32>()).prop_map(
        |(inputs, mut layers, outputs, (last, loss), examples, seed)| {
            layers.push((outputs, last));
            Case { inputs, layers, loss, examples, seed: u64::from(seed) }
        },
    )
}

fn check<T: Scalar>(case: &Case) -> GradientCheck {
    let (network, x, y) = case.draw();
    check_gradients(&network.map(T::from_f64), &x.map(T::from_f64), &y.map(T::from_f64), case.seed)
}

/// The bounds are written out here: the ones of the library are not to grow unseen.
fn within(check: &GradientCheck, bounds: Bounds) -> bool {
    let [tape, dual, stencil] = check.worst();
    check.loss.is_finite() && tape <= bounds.tape && dual <= bounds.dual && stencil <= bounds.stencil
}

proptest! {
    // The same cases in every run; a case that fails is printed in full and needs no file of seeds.
    #![proptest_config(Config {
        cases: 300, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default()
    })]

    #[test]
    fn four_ways_agree_in_double_precision(case in cases()) {
        let check = check::<f64>(&case);
        prop_assert!(within(&check, Bounds { tape: 1e-13, dual: 1e-12, stencil: 1e-8 }), "{case}: {check:#?}");
        prop_assert!(check.agrees());
    }

    #[test]
    fn four_ways_agree_in_single_precision(case in cases()) {
        let check = check::<f32>(&case);
        prop_assert!(within(&check, Bounds { tape: 5e-6, dual: 1e-4, stencil: 1e-4 }), "{case}: {check:#?}");
        prop_assert!(check.agrees());
    }
}
