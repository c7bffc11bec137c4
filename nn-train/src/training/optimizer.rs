//! Gradient descent: how parameters θ (weights W and biases b) follow their gradients ∂J/∂θ.

use std::fmt;

use nn_core::{Matrix, Scalar};

/// W ← W − η ∂J/∂W: the update of stochastic gradient descent, for weights and for biases.
///
/// ```
/// use nn_core::Matrix;
///
/// let mut weight = Matrix::from_rows(&[[1.0, 2.0]]);
/// nn_train::sgd_update(&mut weight, &Matrix::from_rows(&[[4.0, -2.0]]), 0.5);
/// assert_eq!(weight, Matrix::from_rows(&[[-1.0, 3.0]]));
/// ```
///
/// # Shapes
///
/// W, ∂J/∂W: equal.
///
/// # Panics
///
/// Panics if the shapes differ. Source: seed document, section 3.7.5.
#[track_caller]
// ANCHOR: sgd_update
pub fn sgd_update<T: Scalar>(parameter: &mut Matrix<T>, gradient: &Matrix<T>, learning_rate: T) {
    // BEGIN SOLUTION 10.1
    parameter.zip_in_place(gradient, move |w, gradient| w - learning_rate * gradient); // W ← W − η ∂J/∂W
    // END SOLUTION 10.1
}
// ANCHOR_END: sgd_update

/// An optimiser: it updates parameters from their gradients, and remembers earlier gradients where its rule does.
///
/// All rules are those of PyTorch (`torch.optim.SGD` with dampening 0 and without Nesterov, `torch.optim.Adam`), with
/// g = ∂J/∂θ + λθ, where the weight decay λ pulls **all** parameters towards 0, weights and biases alike, and is 0 unless
/// [`with_weight_decay`](Optimizer::with_weight_decay) says otherwise.
///
/// The buffers are allocated at the first update and kept: later updates allocate nothing.
///
/// ```
/// use nn_core::Matrix;
/// use nn_train::Optimizer;
///
/// // J = θ²/2, whose gradient is θ, in a valley that plain descent crosses slowly.
/// let mut optimizer = Optimizer::<f64>::momentum(0.9);
/// let mut theta = Matrix::from_column(&[1.0]);
/// for _ in 0..100 {
///     let gradient = theta.clone();
///     optimizer.update([(&mut theta, &gradient)].into_iter(), 0.01);
/// }
/// assert!(theta[(0, 0)].abs() < 0.1); // plain descent, θ ← 0.99 θ, would be at 0.37
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Optimizer<T> {
    rule: Rule<T>,
    weight_decay: T,
    steps: u64,
    /// v of momentum or m of Adam, for each parameter.
    first: Vec<Matrix<T>>,
    /// v of Adam, for each parameter.
    second: Vec<Matrix<T>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule<T> {
    Sgd { momentum: T },
    Adam,
}

/// Why buffers from a file are not the state of an optimiser.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// There are more or fewer buffers than the rule needs.
    #[error("{found} optimizer buffers after {steps} steps, but there should be {needed}")]
    Count {
        /// The number of updates before.
        steps: u64,
        /// The buffers that the rule has after so many updates of these parameters.
        needed: usize,
        /// The buffers that there are.
        found: usize,
    },
    /// A buffer does not have the shape of its parameter.
    #[error("optimizer buffer {buffer} is {found}, but its parameter is {needed}")]
    Shape {
        /// Its place, from 0.
        buffer: usize,
        /// The shape of its parameter.
        needed: String,
        /// Its shape.
        found: String,
    },
}

impl<T: Scalar> Optimizer<T> {
    /// Stochastic gradient descent: θ ← θ − η g.
    pub fn sgd() -> Self {
        Self::momentum(0.0)
    }

    /// Gradient descent with momentum μ, where each parameter has a velocity v, 0 at first. μ = 0 is
    /// [`sgd`](Optimizer::sgd) itself.
    ///
    /// ```text
    /// v ← μ v + g
    /// θ ← θ − η v
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if μ is negative or not finite.
    #[track_caller]
    pub fn momentum(momentum: f64) -> Self {
        assert!(momentum >= 0.0 && momentum.is_finite(), "momentum must be finite and at least 0, got {momentum}");
        Self::new(Rule::Sgd { momentum: T::from_f64(momentum) })
    }

    /// Adam (Kingma and Ba 2015, algorithm 1), with β₁ = 0.9, β₂ = 0.999 and ε = 10⁻⁸.
    ///
    /// ```text
    /// m ← β₁ m + (1 − β₁) g           v ← β₂ v + (1 − β₂) g²
    /// m̂ = m / (1 − β₁ᵗ)               v̂ = v / (1 − β₂ᵗ)            in update t, from 1
    /// θ ← θ − η m̂ / (√v̂ + ε)
    /// ```
    ///
    /// Weight decay goes into g, as in PyTorch's `Adam`; it is not the decoupled one of `AdamW`.
    pub fn adam() -> Self {
        Self::new(Rule::Adam)
    }

    fn new(rule: Rule<T>) -> Self {
        Optimizer { rule, weight_decay: T::zero(), steps: 0, first: Vec::new(), second: Vec::new() }
    }

    /// The same rule with weight decay λ: g = ∂J/∂θ + λθ, for weights and biases alike.
    ///
    /// # Panics
    ///
    /// Panics if λ is negative or not finite.
    #[track_caller]
    pub fn with_weight_decay(self, weight_decay: f64) -> Self {
        assert!(
            weight_decay >= 0.0 && weight_decay.is_finite(),
            "weight decay must be finite and at least 0, got {weight_decay}"
        );
        Optimizer { weight_decay: T::from_f64(weight_decay), ..self }
    }

    /// One update of every parameter θ by its gradient ∂J/∂θ; `learning_rate` is η.
    ///
    /// # Shapes
    ///
    /// θ, ∂J/∂θ: equal. The parameters are the same ones in the same order at every update.
    ///
    /// # Panics
    ///
    /// Panics if the shapes differ, or if there are more or fewer parameters than at the first update.
    #[track_caller]
    pub fn update<'a>(
        &mut self,
        parameters: impl Iterator<Item = (&'a mut Matrix<T>, &'a Matrix<T>)>,
        learning_rate: T,
    ) {
        let first_step = self.steps == 0;
        self.steps = self.steps.saturating_add(1);
        let buffers = self.buffers_per_parameter();
        let mut count = 0;
        for (parameter, gradient) in parameters {
            let (theta, g) = (parameter.shape(), gradient.shape());
            assert!(theta == g, "update of a parameter of shape {theta} by a gradient of shape {g}");
            for buffer in [&mut self.first, &mut self.second].into_iter().take(buffers) {
                if first_step {
                    buffer.push(Matrix::zeros(theta.rows, theta.columns));
                }
                let known = buffer.get(count).map(Matrix::shape);
                assert!(known == Some(theta), "parameter {count} of shape {theta} is not one of the first update");
            }
            self.update_one(count, parameter, gradient, learning_rate);
            count += 1;
        }
        assert!(buffers == 0 || count == self.first.len(), "{count} parameters, but {} before", self.first.len());
    }

    fn update_one(&mut self, index: usize, parameter: &mut Matrix<T>, gradient: &Matrix<T>, learning_rate: T) {
        let (lambda, zero) = (self.weight_decay, T::zero());
        match self.rule {
            Rule::Sgd { momentum } if momentum == zero && lambda == zero => {
                sgd_update(parameter, gradient, learning_rate);
            }
            Rule::Sgd { momentum } if momentum == zero => {
                // BEGIN SOLUTION 10.4
                parameter.zip_in_place(gradient, |w, gradient| w - learning_rate * (gradient + lambda * w));
                // END SOLUTION 10.4
            }
            Rule::Sgd { momentum } => {
                // BEGIN SOLUTION 10.2
                let velocity = self.first[index].as_mut_slice();
                for ((w, v), &gradient) in parameter.as_mut_slice().iter_mut().zip(velocity).zip(gradient.as_slice()) {
                    let g = gradient + lambda * *w; // g = ∂J/∂θ + λθ
                    *v = momentum * *v + g; // v ← μ v + g
                    *w -= learning_rate * *v; // θ ← θ − η v
                }
                // END SOLUTION 10.2
            }
            Rule::Adam => {
                // BEGIN SOLUTION 10.5
                let [beta_1, rest_1, beta_2, rest_2, epsilon] =
                    [BETA_1, 1.0 - BETA_1, BETA_2, 1.0 - BETA_2, EPSILON].map(T::from_f64);
                let t = self.steps as f64;
                let [correction_1, correction_2] = [BETA_1, BETA_2].map(|beta| T::from_f64(1.0 - beta.powf(t))); // 1 − βᵗ
                let (step, root) = (learning_rate / correction_1, correction_2.sqrt());
                let moments = self.first[index].as_mut_slice().iter_mut().zip(self.second[index].as_mut_slice());
                for ((w, (m, v)), &gradient) in
                    parameter.as_mut_slice().iter_mut().zip(moments).zip(gradient.as_slice())
                {
                    let g = gradient + lambda * *w; // g = ∂J/∂θ + λθ
                    *m = beta_1 * *m + rest_1 * g; // m ← β₁ m + (1 − β₁) g
                    *v = beta_2 * *v + rest_2 * (g * g); // v ← β₂ v + (1 − β₂) g²
                    *w -= step * *m / (v.sqrt() / root + epsilon); // θ ← θ − η m̂ / (√v̂ + ε)
                }
                // END SOLUTION 10.5
            }
        }
    }

    /// The name on the command line, `sgd` or `adam`.
    pub fn name(&self) -> &'static str {
        match self.rule {
            Rule::Sgd { .. } => "sgd",
            Rule::Adam => "adam",
        }
    }

    /// t, the number of updates so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// What the optimiser remembers, for a checkpoint: v of every parameter for momentum; m of every parameter and then
    /// v of every parameter for Adam; nothing for plain gradient descent, or before the first update.
    pub fn buffers(&self) -> impl Iterator<Item = &Matrix<T>> {
        self.first.iter().chain(&self.second)
    }

    /// Takes over what another optimiser of the same rule remembered: its [`steps`](Optimizer::steps) and its
    /// [`buffers`](Optimizer::buffers), for these parameters. From there on it goes on as that one would have.
    ///
    /// # Errors
    ///
    /// Says how many buffers there should be, or which one does not have the shape of its parameter. The optimiser is
    /// then left as it was.
    pub fn restore<'a>(
        &mut self,
        steps: u64,
        mut buffers: Vec<Matrix<T>>,
        parameters: impl Iterator<Item = &'a Matrix<T>>,
    ) -> Result<(), RestoreError> {
        let shapes: Vec<_> = parameters.map(Matrix::shape).collect();
        let needed = if steps == 0 { 0 } else { self.buffers_per_parameter() * shapes.len() };
        if buffers.len() != needed {
            return Err(RestoreError::Count { steps, needed, found: buffers.len() });
        }
        for (i, (buffer, needed)) in buffers.iter().zip(shapes.iter().cycle()).enumerate() {
            if buffer.shape() != *needed {
                let (needed, found) = (needed.to_string(), buffer.shape().to_string());
                return Err(RestoreError::Shape { buffer: i, needed, found });
            }
        }
        self.second = buffers.split_off(buffers.len().min(shapes.len()));
        self.first = buffers;
        self.steps = steps;
        Ok(())
    }

    fn buffers_per_parameter(&self) -> usize {
        match self.rule {
            Rule::Sgd { momentum } => usize::from(momentum != T::zero()),
            Rule::Adam => 2,
        }
    }
}

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// How the learning rate η changes from epoch to epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Schedule {
    /// η stays.
    Constant,
    /// η is divided by ten after each third of the epochs (a third rounded up): `StepLR` of PyTorch with γ = 0.1.
    Step,
    /// η follows half a cosine down towards 0: `CosineAnnealingLR` of PyTorch (Loshchilov and Hutter 2017, without
    /// restarts).
    Cosine,
}

impl Schedule {
    /// All of them.
    pub const ALL: [Schedule; 3] = [Schedule::Constant, Schedule::Step, Schedule::Cosine];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Schedule::Constant => "constant",
            Schedule::Step => "step",
            Schedule::Cosine => "cosine",
        }
    }

    /// The learning rate of an epoch, counted from 0, in a run of `epochs` epochs that begins with the rate `base`.
    ///
    /// ```text
    /// constant    base
    /// step        base / 10^⌊epoch / s⌋              s = ⌈epochs / 3⌉
    /// cosine      base/2 (1 + cos(π epoch / epochs))
    /// ```
    ///
    /// Beyond the last epoch, cosine stays at 0 and step goes on.
    ///
    /// ```
    /// use nn_train::Schedule;
    ///
    /// assert_eq!([0, 9, 10, 20, 29].map(|epoch| Schedule::Step.rate(0.5, epoch, 30)), [0.5, 0.5, 0.05, 0.005, 0.005]);
    /// assert_eq!(Schedule::Cosine.rate(0.5, 0, 30), 0.5);
    /// ```
    // ANCHOR: rate
    pub fn rate(self, base: f64, epoch: usize, epochs: usize) -> f64 {
        match self {
            Schedule::Constant => base,
            Schedule::Step => {
                // BEGIN SOLUTION 10.6
                let steps = epoch / epochs.div_ceil(3).max(1);
                base / 10_f64.powf(steps as f64) // powers of ten are exact, powers of 0.1 are not
                // END SOLUTION 10.6
            }
            Schedule::Cosine => {
                // BEGIN SOLUTION 10.7
                let done = if epoch < epochs { epoch as f64 / epochs as f64 } else { 1.0 };
                base / 2.0 * (1.0 + (std::f64::consts::PI * done).cos())
                // END SOLUTION 10.7
            }
        }
    }
    // ANCHOR_END: rate
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THETA: [f64; 3] = [1.0, -2.0, 0.5];
    const GRADIENTS: [[f64; 3]; 4] = [[0.5, -1.0, 0.25], [0.25, 2.0, 0.0], [-0.75, 0.5, 0.001], [1.0, 1.0, -3.0]];

    /// Updates a parameter of shape 2×1 and one of shape 1×1 with the four gradients above, and compares after each.
    #[track_caller]
    fn assert_path(equation: &str, optimizer: &mut Optimizer<f64>, path: [[f64; 3]; 4]) {
        let mut theta = split(THETA);
        for (t, (gradient, want)) in (1..).zip(GRADIENTS.into_iter().zip(path)) {
            step(optimizer, &mut theta, gradient);
            assert_close(&format!("{equation}, update {t}"), theta.iter(), &want);
        }
    }

    fn step(optimizer: &mut Optimizer<f64>, theta: &mut [Matrix<f64>; 2], gradient: [f64; 3]) {
        optimizer.update(theta.iter_mut().zip(&split(gradient)), 0.1);
    }

    fn split([a, b, c]: [f64; 3]) -> [Matrix<f64>; 2] {
        [Matrix::from_column(&[a, b]), Matrix::from_column(&[c])]
    }

    #[track_caller]
    fn assert_close<'a>(equation: &str, got: impl Iterator<Item = &'a Matrix<f64>>, want: &[f64]) {
        let got: Vec<f64> = got.flat_map(Matrix::as_slice).copied().collect();
        // Not closer, because 1 − β₂ᵗ, about 0.001 t, has lost three digits.
        let is_close = |(got, want): (&f64, &f64)| (got - want).abs() <= 1e-14 * want.abs();
        let are_close = got.len() == want.len() && got.iter().zip(want).all(is_close);
        let [got, want] = [&got[..], want].map(|numbers| Matrix::from_rows(&[numbers]));
        assert!(are_close, "{equation}\ncomputed\n{got}\nexpected\n{want}");
    }

    // The paths and buffers below were worked out by a Python script from the definitions in the documentation of
    // torch.optim.SGD and torch.optim.Adam, in decimal arithmetic with 50 digits, and rounded to f64. It shares no code
    // with this crate.

    #[test]
    fn sgd_subtracts_the_gradient_times_the_rate() {
        let path = [[0.95, -1.9, 0.475], [0.925, -2.1, 0.475], [1.0, -2.15, 0.4749], [0.9, -2.25, 0.7749]];
        let mut optimizer = Optimizer::sgd();
        assert_path("θ ← θ − η g", &mut optimizer, path);
        assert_eq!((optimizer.steps(), optimizer.buffers().count(), optimizer.name()), (4, 0, "sgd"));
    }

    /// To the bit, in either spelling.
    #[test]
    fn sgd_without_extras_is_the_equation() {
        for mut optimizer in [Optimizer::sgd(), Optimizer::momentum(0.0).with_weight_decay(0.0)] {
            let (mut got, mut want) = (Matrix::from_column(&[0.1_f32, 0.7]), Matrix::from_column(&[0.1_f32, 0.7]));
            let gradient = Matrix::from_column(&[0.3_f32, -0.9]);
            optimizer.update([(&mut got, &gradient)].into_iter(), 0.3);
            sgd_update(&mut want, &gradient, 0.3);
            assert_eq!(got, want);
            assert_eq!(want.as_slice()[0], 0.1_f32 - 0.3_f32 * 0.3_f32);
        }
    }

    #[test]
    fn momentum_is_that_of_pytorch() {
        let path = [[0.95, -1.9, 0.475], [0.88, -2.01, 0.4525], [0.892, -2.159, 0.43215], [0.8028, -2.3931, 0.713835]];
        let mut optimizer = Optimizer::momentum(0.9);
        assert_path("v ← μ v + g, θ ← θ − η v", &mut optimizer, path);
        assert_close("v ← μ v + g", optimizer.buffers(), &[0.892, 2.341, -2.81685]);
        assert_eq!(optimizer.name(), "sgd");
    }

    #[test]
    fn weight_decay_is_that_of_pytorch() {
        let path = [
            [0.949, -1.898, 0.4745],
            [0.923051, -2.096102, 0.4740255],
            [0.997127949, -2.144005898, 0.4734514745],
            [0.896130821051, -2.241861892102, 0.7729780230255],
        ];
        let mut optimizer = Optimizer::sgd().with_weight_decay(0.01);
        assert_path("θ ← θ − η (g + λ θ)", &mut optimizer, path);
        assert_eq!(optimizer.buffers().count(), 0);
    }

    #[test]
    fn momentum_with_weight_decay_is_that_of_pytorch() {
        let path = [
            [0.949, -1.898, 0.4745],
            [0.877151, -2.004302, 0.4510755],
            [0.886609749, -2.147969498, 0.4294423745],
            [0.794236013351, -2.375122276702, 0.7095431191755],
        ];
        let mut optimizer = Optimizer::momentum(0.9).with_weight_decay(0.01);
        assert_path("v ← μ v + g + λ θ, θ ← θ − η v", &mut optimizer, path);
        assert_close("v ← μ v + g + λ θ", optimizer.buffers(), &[0.92373735649, 2.27152778702, -2.801007446755]);
    }

    #[test]
    fn adam_is_that_of_pytorch() {
        let path = [
            [0.900000002, -1.900000001, 0.40000000399999985],
            [0.8067820404774617, -1.936610353472075, 0.3329941823777156],
            [0.8149797201107774, -1.978175473146774, 0.2809431247570715],
            [0.777109072391162, -2.03264134338479, 0.33532025006382177],
        ];
        let mut optimizer = Optimizer::adam();
        assert_path("θ ← θ − η m̂ / (√v̂ + ε)", &mut optimizer, path);
        let m_and_v = [0.0892, 0.2341, -0.281685, 0.00187356331225, 0.006238756999, 0.0090623136864375];
        assert_close("m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²", optimizer.buffers(), &m_and_v);
        assert_eq!((optimizer.steps(), optimizer.name()), (4, "adam"));
    }

    #[test]
    fn adam_with_weight_decay_is_that_of_pytorch() {
        let path = [
            [0.9000000019607842, -1.9000000009803921, 0.4000000039215685],
            [0.8065550410499313, -1.9355044186569046, 0.3318347189803296],
            [0.8130852572864962, -1.9758095957174284, 0.27806771873239594],
            [0.7741386595910517, -2.0291132646872962, 0.3322428406990115],
        ];
        assert_path("θ ← θ − η m̂ / (√v̂ + ε) with g + λ θ for g", &mut Optimizer::adam().with_weight_decay(0.01), path);
    }

    /// The first update of Adam is η in the direction of each gradient, whatever its size: the two corrections cancel.
    #[test]
    fn adam_starts_with_steps_of_the_learning_rate() {
        let mut theta = Matrix::from_column(&[0.0, 0.0]);
        Optimizer::adam().update([(&mut theta, &Matrix::from_column(&[1e3, -1e-3]))].into_iter(), 0.01);
        assert!((theta[(0, 0)] + 0.01).abs() < 1e-12 && (theta[(1, 0)] - 0.01).abs() < 1e-6);
    }

    #[test]
    fn a_gradient_of_zero_changes_nothing() {
        for mut optimizer in [Optimizer::sgd(), Optimizer::momentum(0.9), Optimizer::adam()] {
            let mut theta = split(THETA);
            step(&mut optimizer, &mut theta, [0.0; 3]);
            assert_eq!(theta, split(THETA));
        }
    }

    fn every_rule() -> [Optimizer<f64>; 4] {
        [Optimizer::sgd(), Optimizer::momentum(0.9), Optimizer::adam(), Optimizer::adam().with_weight_decay(0.1)]
    }

    #[test]
    fn a_restored_optimiser_goes_on_as_the_first_would_have() {
        for new in every_rule() {
            for pause in 0..4 {
                let (mut through, mut optimizer) = (new.clone(), new.clone());
                let (mut theta, mut theta_through) = (split(THETA), split(THETA));
                for (i, gradient) in GRADIENTS.into_iter().enumerate() {
                    if i == pause {
                        let (steps, buffers) = (optimizer.steps(), optimizer.buffers().cloned().collect());
                        optimizer = new.clone();
                        optimizer.restore(steps, buffers, theta.iter()).unwrap();
                    }
                    step(&mut optimizer, &mut theta, gradient);
                    step(&mut through, &mut theta_through, gradient);
                }
                assert_eq!((theta, optimizer), (theta_through, through));
            }
        }
    }

    #[test]
    fn buffers_that_do_not_fit_are_refused() {
        let theta = split(THETA);
        let good: Vec<_> = theta.iter().chain(&theta).cloned().collect();
        let restore = |mut optimizer: Optimizer<f64>, steps, buffers| {
            let before = optimizer.clone();
            let error = optimizer.restore(steps, buffers, theta.iter()).unwrap_err();
            assert_eq!(optimizer, before);
            error
        };
        let error = restore(Optimizer::adam(), 3, good[..3].to_vec());
        assert_eq!(error, RestoreError::Count { steps: 3, needed: 4, found: 3 });
        assert_eq!(error.to_string(), "3 optimizer buffers after 3 steps, but there should be 4");
        let error = restore(Optimizer::momentum(0.5), 3, good.clone());
        assert_eq!(error, RestoreError::Count { steps: 3, needed: 2, found: 4 });
        let error = restore(Optimizer::sgd(), 3, good[..2].to_vec());
        assert_eq!(error, RestoreError::Count { steps: 3, needed: 0, found: 2 });
        let error = restore(Optimizer::adam(), 0, good.clone());
        assert_eq!(error, RestoreError::Count { steps: 0, needed: 0, found: 4 });
        let mut turned = good;
        turned[2] = Matrix::zeros(1, 2);
        let error = restore(Optimizer::adam(), 3, turned);
        assert_eq!(error, RestoreError::Shape { buffer: 2, needed: "2×1".to_owned(), found: "1×2".to_owned() });
        assert_eq!(error.to_string(), "optimizer buffer 2 is 1×2, but its parameter is 2×1");
    }

    #[test]
    fn buffers_are_allocated_once() {
        for mut optimizer in every_rule() {
            let mut theta = split(THETA);
            let places = |optimizer: &Optimizer<f64>| {
                optimizer.buffers().map(|buffer| buffer.as_slice().as_ptr()).collect::<Vec<_>>()
            };
            step(&mut optimizer, &mut theta, GRADIENTS[0]);
            let first = places(&optimizer);
            step(&mut optimizer, &mut theta, GRADIENTS[1]);
            assert_eq!(places(&optimizer), first);
        }
    }

    #[test]
    #[should_panic(expected = "update of a parameter of shape 2×1 by a gradient of shape 1×2")]
    fn a_gradient_has_the_shape_of_its_parameter() {
        let mut theta = Matrix::from_column(&[1.0, 2.0]);
        Optimizer::adam().update([(&mut theta, &Matrix::zeros(1, 2))].into_iter(), 0.1);
    }

    #[test]
    #[should_panic(expected = "1 parameters, but 2 before")]
    fn no_parameter_is_forgotten() {
        let (mut optimizer, mut theta) = (Optimizer::momentum(0.9), split(THETA));
        step(&mut optimizer, &mut theta, GRADIENTS[0]);
        optimizer.update(theta.iter_mut().zip(&split(THETA)).take(1), 0.1);
    }

    #[test]
    #[should_panic(expected = "parameter 0 of shape 1×1 is not one of the first update")]
    fn no_parameter_is_exchanged() {
        let (mut optimizer, mut theta) = (Optimizer::adam(), split(THETA));
        step(&mut optimizer, &mut theta, GRADIENTS[0]);
        optimizer.update(theta.iter_mut().zip(&split(THETA)).rev(), 0.1);
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        for value in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(std::panic::catch_unwind(|| Optimizer::<f64>::momentum(value)).is_err());
            assert!(std::panic::catch_unwind(|| Optimizer::<f64>::adam().with_weight_decay(value)).is_err());
        }
    }

    #[test]
    fn constant_rates_stay() {
        assert!((0..20).all(|epoch| Schedule::Constant.rate(0.3, epoch, 10) == 0.3));
    }

    #[test]
    fn steps_come_after_each_third_rounded_up() {
        let rates = |epochs: usize| (0..epochs + 2).map(move |epoch| Schedule::Step.rate(2.0, epoch, epochs));
        assert!(rates(6).eq([2.0, 2.0, 0.2, 0.2, 0.02, 0.02, 0.002, 0.002]));
        assert!(rates(7).eq([2.0, 2.0, 2.0, 0.2, 0.2, 0.2, 0.02, 0.02, 0.02]));
        assert!(rates(1).eq([2.0, 0.2, 0.02]));
        assert!(rates(0).eq([2.0, 0.2]));
        assert_eq!(Schedule::Step.rate(2.0, usize::MAX, 1), 0.0);
    }

    /// cos 0, cos π/6, … are 1, √3/2, 1/2, 0, −1/2, −√3/2.
    #[test]
    fn cosine_goes_from_the_base_to_zero() {
        let h = 3_f64.sqrt() / 2.0;
        for (epoch, cosine) in [1.0, h, 0.5, 0.0, -0.5, -h, -1.0, -1.0].into_iter().enumerate() {
            assert!((Schedule::Cosine.rate(0.8, epoch, 6) - 0.4 * (1.0 + cosine)).abs() < 1e-15);
        }
        assert_eq!(Schedule::Cosine.rate(0.8, 0, 0), 0.0);
    }

    #[test]
    fn schedules_have_names() {
        assert_eq!(Schedule::ALL.map(Schedule::name), ["constant", "step", "cosine"]);
        assert_eq!(format!("{:>9}", Schedule::Cosine), "   cosine");
    }
}
