//! Which targets a loss takes, and what is said of those that it does not.

use nn_core::{Loss, Matrix, TargetError};

fn check(loss: Loss, columns: &[&[f64]]) -> Result<(), TargetError> {
    let y = Matrix::from_columns(columns);
    let single = loss.check_targets(&y.map(|y| y as f32));
    let double = loss.check_targets(&y);
    assert_eq!(single.is_ok(), double.is_ok(), "{single:?} in f32");
    double
}

fn message(loss: Loss, columns: &[&[f64]]) -> String {
    check(loss, columns).expect_err("targets that do not fit").to_string()
}

#[test]
fn cross_entropy_takes_shares_hard_or_soft() {
    for columns in [
        &[[1.0, 0.0, 0.0].as_slice(), &[0.0, 0.0, 1.0]] as &[&[f64]],
        &[&[0.2, 0.3, 0.5]],
        &[&[0.333_333_3, 0.333_333_3, 0.333_333_3], &[0.0, 1.000_000_5, 0.0]], // seven decimals
        &[&[1.0]],
        &[&[0.1; 10]],
        &[],
    ] {
        assert_eq!(check(Loss::CrossEntropy, columns), Ok(()), "{columns:?}");
    }
    // A thousand shares in f32, whose sum in f32 would be off by more than the tolerance.
    let mut shares = Matrix::<f32>::zeros(1000, 3);
    shares.fill(1e-3);
    assert_eq!(Loss::CrossEntropy.check_targets(&shares), Ok(()));
}

#[test]
fn cross_entropy_names_the_example_whose_shares_do_not_sum_to_1() {
    let columns: &[&[f64]] = &[&[0.5, 0.5], &[0.5, 0.25], &[0.0, 0.0]];
    let error = TargetError::Sum { loss: Loss::CrossEntropy, example: 2, sum: 0.75 };
    assert_eq!(check(Loss::CrossEntropy, columns), Err(error));
    assert_eq!(
        error.to_string(),
        "the targets of example 2 sum to 0.75: those of cross-entropy are probabilities that sum to 1"
    );
    for (columns, sum) in
        [([0.0, 0.0], "0"), ([1.0, 1.0], "2"), ([1.0, 3e-6], "1.000003"), ([1.0 - 3e-6, 0.0], "0.999997")]
    {
        assert!(
            message(Loss::CrossEntropy, &[&columns]).starts_with(&format!("the targets of example 1 sum to {sum}:"))
        );
    }
    // Errors of two examples that cancel each other are errors.
    assert!(check(Loss::CrossEntropy, &[&[0.5, 0.25], &[0.75, 0.5]]).is_err());
}

#[test]
fn cross_entropy_names_a_share_that_is_negative_or_no_number() {
    assert_eq!(
        message(Loss::CrossEntropy, &[&[1.0, 0.0], &[1.5, -0.5]]),
        "target 2 of example 2 is -0.5: those of cross-entropy lie between 0 and 1"
    );
    for y in [f64::NAN, f64::NEG_INFINITY] {
        let error = check(Loss::CrossEntropy, &[&[y, 1.0]]).expect_err("no share");
        assert!(matches!(error, TargetError::Range { example: 1, output: 1, .. }), "{error}");
    }
    assert_eq!(
        message(Loss::CrossEntropy, &[&[f64::INFINITY, 1.0]]),
        "the targets of example 1 sum to inf: those of cross-entropy are probabilities that sum to 1"
    );
}

#[test]
fn binary_cross_entropy_takes_what_lies_between_0_and_1() {
    let fit: &[&[f64]] = &[&[0.0, 1.0], &[0.25, 0.25], &[1.0, 1.0]];
    assert_eq!(check(Loss::BinaryCrossEntropy, fit), Ok(()));
    assert_eq!(check(Loss::BinaryCrossEntropy, &[]), Ok(()));
    assert_eq!(
        message(Loss::BinaryCrossEntropy, &[&[0.0, 1.0], &[0.5, 1.5]]),
        "target 2 of example 2 is 1.5: those of binary-cross-entropy lie between 0 and 1"
    );
    for y in [-1e-3, 1.001, f64::NAN, f64::INFINITY] {
        let error =
            check(Loss::BinaryCrossEntropy, &[&[0.25, 0.25], &[y, 0.5], &[0.5, 0.5]]).expect_err("out of range");
        assert!(matches!(error, TargetError::Range { loss: Loss::BinaryCrossEntropy, example: 2, output: 1, .. }));
    }
}

#[test]
fn least_squares_takes_any_number() {
    assert_eq!(check(Loss::LeastSquares, &[&[-7.0, 1e300], &[f64::NAN, f64::INFINITY]]), Ok(()));
}
