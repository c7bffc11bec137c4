//! A number type of one's own: a dual number v + d ε with ε² = 0 carries a value and its slope through every function.
//! It gets the plain matrix product, and its slopes must agree with the derivatives written by hand, at kinks too.

use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use nn_core::{
    Activation, Loss, Matrix, Scalar, Write, leaky_relu, leaky_relu_derivative, matmul, matmul_reference, normal, relu,
    relu_derivative, seeded, sigmoid, sigmoid_derivative, softplus, softplus_derivative, step, step_derivative, tanh,
    tanh_derivative,
};
use num_traits::{One, Zero};

#[derive(Clone, Copy, Debug, PartialEq)]
struct Dual {
    v: f64,
    d: f64,
}

fn dual(v: f64, d: f64) -> Dual {
    Dual { v, d }
}

impl PartialOrd for Dual {
    fn partial_cmp(&self, other: &Dual) -> Option<std::cmp::Ordering> {
        self.v.partial_cmp(&other.v)
    }
}
impl fmt::Display for Dual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} + {} ε", self.v, self.d)
    }
}
impl Neg for Dual {
    type Output = Dual;
    fn neg(self) -> Dual {
        dual(-self.v, -self.d)
    }
}
impl Add for Dual {
    type Output = Dual;
    fn add(self, y: Dual) -> Dual {
        dual(self.v + y.v, self.d + y.d)
    }
}
impl Sub for Dual {
    type Output = Dual;
    fn sub(self, y: Dual) -> Dual {
        dual(self.v - y.v, self.d - y.d)
    }
}
impl Mul for Dual {
    type Output = Dual;
    fn mul(self, y: Dual) -> Dual {
        dual(self.v * y.v, self.d * y.v + self.v * y.d)
    }
}
impl Div for Dual {
    type Output = Dual;
    fn div(self, y: Dual) -> Dual {
        dual(self.v / y.v, (self.d - self.v / y.v * y.d) / y.v)
    }
}
impl AddAssign for Dual {
    fn add_assign(&mut self, y: Dual) {
        *self = *self + y;
    }
}
impl SubAssign for Dual {
    fn sub_assign(&mut self, y: Dual) {
        *self = *self - y;
    }
}
impl MulAssign for Dual {
    fn mul_assign(&mut self, y: Dual) {
        *self = *self * y;
    }
}
impl Zero for Dual {
    fn zero() -> Dual {
        dual(0.0, 0.0)
    }
    fn is_zero(&self) -> bool {
        *self == Dual::zero()
    }
}
impl One for Dual {
    fn one() -> Dual {
        dual(1.0, 0.0)
    }
}
impl Scalar for Dual {
    fn from_f64(value: f64) -> Dual {
        dual(value, 0.0)
    }
    fn to_f64(self) -> f64 {
        self.v
    }
    fn exp(self) -> Dual {
        dual(self.v.exp(), self.d * self.v.exp())
    }
    fn exp_m1(self) -> Dual {
        dual(self.v.exp_m1(), self.d * self.v.exp())
    }
    fn ln_1p(self) -> Dual {
        dual(self.v.ln_1p(), self.d / (1.0 + self.v))
    }
    fn ln(self) -> Dual {
        dual(self.v.ln(), self.d / self.v)
    }
    fn powf(self, p: Dual) -> Dual {
        let power = self.v.powf(p.v);
        dual(power, power * (p.d * self.v.ln() + p.v * self.d / self.v))
    }
    fn tanh(self) -> Dual {
        let t = self.v.tanh();
        dual(t, self.d * (1.0 - t) * (1.0 + t))
    }
    fn sqrt(self) -> Dual {
        dual(self.v.sqrt(), self.d / (2.0 * self.v.sqrt()))
    }
}

fn assert_near(got: f64, want: f64, what: &str) {
    assert!((got - want).abs() <= 1e-14 * want.abs().max(0.1), "{what} is {got}, but it should be {want}");
}

#[test]
fn the_default_product_is_the_plain_one() {
    let mut rng = seeded(1);
    let mut random =
        |rows, columns| Matrix::from_fn(rows, columns, |_, _| dual(normal(&mut rng).round(), normal(&mut rng).round()));
    let (a, b, start) = (random(9, 11), random(11, 10), random(9, 10));
    let want = matmul_reference(&a, &b);
    let mut c = start.clone();
    matmul(&a, &b, Write::Replace, &mut c);
    assert_eq!(c, want);
    matmul(&a, &b, Write::Add, &mut c);
    assert_eq!(c, want.map(|x| x + x));
}

/// A function that no activation is made of, written once for every number: the derivative of x^x is x^x (1 + ln x).
#[test]
fn logarithms_and_powers_are_there_for_functions_of_ones_own() {
    fn power_tower<T: Scalar>(x: T) -> T {
        (x.ln() * x).exp() + x.powf(x)
    }
    for x in [0.5_f64, 1.0, 2.5] {
        assert_eq!((Scalar::ln(x), Scalar::powf(x, -1.5)), (x.ln(), x.powf(-1.5)));
        let (single, p) = (x as f32, -1.5_f32);
        assert_eq!((Scalar::ln(single), Scalar::powf(single, p)), (single.ln(), single.powf(p)));
        let got = power_tower(dual(x, 1.0));
        assert_near(got.v, 2.0 * x.powf(x), "2 x^x");
        assert_near(got.d, 2.0 * x.powf(x) * (1.0 + x.ln()), "(2 x^x)′");
    }
    assert_eq!((Scalar::ln(0.0_f64), Scalar::powf(0.0_f64, 0.0)), (f64::NEG_INFINITY, 1.0));
}

#[test]
fn the_default_absolute_value() {
    assert_eq!([Scalar::abs(-2.0_f64), Scalar::abs(0.0_f64), Scalar::abs(2.0_f64)], [2.0, 0.0, 2.0]);
    assert!(Scalar::abs(f64::NAN).is_nan() && Scalar::abs(0.0_f64).is_sign_positive());
    assert_eq!([dual(-2.0, 3.0), dual(0.0, 3.0), dual(2.0, 3.0)].map(Scalar::abs).map(|x| x.d), [-3.0, 3.0, 3.0]);
}

/// The slope that a dual number finds is the derivative taken from a: where the function is smooth, at its kinks at 0
/// and where two kinks cancel.
#[test]
fn activations_have_the_slopes_of_their_derivatives() {
    type Pair = (&'static str, fn(Dual) -> Dual, fn(f64) -> f64);
    let functions: [Pair; 6] = [
        ("step", step, step_derivative),
        ("relu", relu, relu_derivative),
        ("leaky-relu", leaky_relu, leaky_relu_derivative),
        ("sigmoid", sigmoid, sigmoid_derivative),
        ("tanh", tanh, tanh_derivative),
        ("softplus", softplus, softplus_derivative),
    ];
    for (name, f, derivative) in functions {
        for z in [-30.0, -2.0, -0.5, -0.0, 0.0, 0.5, 2.0, 30.0] {
            let a = f(dual(z, 1.5));
            assert_near(a.d, 1.5 * derivative(a.v), &format!("slope of {name} at {z}"));
        }
    }
}

/// Derivatives of derivatives, which a tape over dual numbers needs for Hessian-vector products.
#[test]
fn derivatives_have_slopes_too() {
    let x = |v| dual(v, 1.0);
    for a in [-1.5, 0.0, 1.5] {
        for (name, f) in [
            ("step′", step_derivative::<Dual> as fn(Dual) -> Dual),
            ("relu′", relu_derivative),
            ("leaky-relu′", leaky_relu_derivative),
        ] {
            assert_eq!(f(x(a)).d, 0.0, "slope of {name} at {a}");
        }
        assert_near(sigmoid_derivative(x(a)).d, 1.0 - 2.0 * a, "slope of a (1 − a)");
        assert_near(tanh_derivative(x(a)).d, -2.0 * a, "slope of 1 − a²");
        assert_near(softplus_derivative(x(a)).d, (-a).exp(), "slope of 1 − e^−a");
    }
}

/// Along one random direction v of z: the slope of J is δ · v, and that of δ is symmetric, as a Hessian is. Two of the
/// logits are 0, where |z| has its kink, and two are tied for the largest.
#[test]
fn losses_have_the_slopes_of_their_gradients() {
    let mut rng = seeded(2);
    let z = Matrix::from_columns(&[[0.0, -1.0, 0.0], [2.0, 2.0, -3.0]]);
    let y = Matrix::from_columns(&[[0.25, 0.25, 0.5], [0.0, 1.0, 0.0]]);
    let y_dual = y.map(|y| dual(y, 0.0));
    let mut random = || Matrix::from_fn(3, 2, |_, _| normal(&mut rng));
    let (v, w) = (random(), random());
    let dot = |x: &Matrix<f64>, y: &Matrix<f64>| x.as_slice().iter().zip(y.as_slice()).map(|(x, y)| x * y).sum::<f64>();
    for loss in Loss::ALL {
        let activation = loss.activation().unwrap_or(Activation::Softplus);
        // J and δ of z + ε direction.
        let along = |direction: &Matrix<f64>| {
            let z = Matrix::from_fn(3, 2, |i, j| dual(z[(i, j)], direction[(i, j)]));
            let (mut a, mut delta) = (Matrix::zeros(3, 2), Matrix::zeros(3, 2));
            activation.apply(&z, &mut a);
            loss.gradient(&z, &a, &y_dual, &mut delta);
            if loss.activation().is_none() {
                activation.backward(&a, &mut delta);
            }
            (loss.value(&z, &a, &y_dual), delta)
        };
        let (j, delta) = along(&v);
        assert_near(j.d, dot(&delta.map(|x| x.v), &v), &format!("slope of {loss}"));
        let (_, delta_w) = along(&w);
        assert_near(dot(&delta.map(|x| x.d), &w), dot(&delta_w.map(|x| x.d), &v), &format!("Hessian of {loss}"));

        // δ moves as its difference quotient says.
        let h = 1e-5;
        let moved = |h: f64| {
            let z = Matrix::from_fn(3, 2, |i, j| dual(z[(i, j)] + h * v[(i, j)], 0.0));
            let (mut a, mut delta) = (Matrix::zeros(3, 2), Matrix::zeros(3, 2));
            activation.apply(&z, &mut a);
            loss.gradient(&z, &a, &y_dual, &mut delta);
            if loss.activation().is_none() {
                activation.backward(&a, &mut delta);
            }
            delta.map(|x| x.v)
        };
        let (up, down) = (moved(h), moved(-h));
        for (i, got) in delta.as_slice().iter().enumerate() {
            let want = (up.as_slice()[i] - down.as_slice()[i]) / (2.0 * h);
            assert!((got.d - want).abs() < 1e-8, "slope {i} of the δ of {loss} is {}, but it should be {want}", got.d);
        }
    }
}
