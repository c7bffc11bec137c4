//! Backpropagation as somebody wrote it, in plain loops and without this library; `nn diagnose` says whether it is right.
//!
//! ```text
//! cargo run -p nn-train --example strangers_gradient
//! ```

use nn_core::{Activation, Loss, Matrix};
use nn_layers::{Dense, Network};
use nn_train::{Diagnosis, Problem, Yours, diagnose};

/// A matrix as the list of its rows.
type Rows = Vec<Vec<f64>>;

/// The parameters of a network with one hidden layer, or their gradients.
#[derive(Clone)]
struct Parameters {
    w1: Rows,
    b1: Vec<f64>,
    w2: Rows,
    b2: Vec<f64>,
}

/// Two inputs, three tanh units, two outputs as they are.
fn parameters() -> Parameters {
    Parameters {
        w1: vec![vec![0.9, -0.4], vec![-0.7, 1.1], vec![0.3, 0.8]],
        b1: vec![0.2, -0.1, 0.4],
        w2: vec![vec![0.6, -0.9, 0.5], vec![-0.3, 0.7, 1.2]],
        b2: vec![0.1, -0.2],
    }
}

/// Four examples, a row for each: inputs and targets.
fn examples() -> (Rows, Rows) {
    (
        vec![vec![0.5, 1.0], vec![-1.2, 0.3], vec![0.8, -0.6], vec![1.5, 0.9]],
        vec![vec![0.4, -0.5], vec![1.0, 0.2], vec![-0.3, 0.8], vec![0.6, -0.1]],
    )
}

/// Σᵢ uᵢ vᵢ
fn dot(u: &[f64], v: &[f64]) -> f64 {
    u.iter().zip(v).map(|(u, v)| u * v).sum()
}

/// sum ← sum + c u
fn add(sum: &mut [f64], c: f64, u: &[f64]) {
    sum.iter_mut().zip(u).for_each(|(sum, u)| *sum += c * u);
}

/// sum ← sum + u vᵀ
fn add_product(sum: &mut Rows, u: &[f64], v: &[f64]) {
    sum.iter_mut().zip(u).for_each(|(row, &u)| add(row, u, v));
}

/// The gradients of J = 1/(2m) Σ ‖a⁽²⁾ − y‖², where a⁽¹⁾ = tanh(z⁽¹⁾), a⁽²⁾ = z⁽²⁾, and m is the number of examples.
fn gradients(p: &Parameters, x: &Rows, y: &Rows) -> Parameters {
    let m = x.len() as f64;
    let zeros = |rows: &Rows| rows.iter().map(|row| vec![0.0; row.len()]).collect::<Rows>();
    let mut g = Parameters { w1: zeros(&p.w1), b1: vec![0.0; p.b1.len()], w2: zeros(&p.w2), b2: vec![0.0; p.b2.len()] };
    // BEGIN SOLUTION 9.4
    for (x, y) in x.iter().zip(y) {
        let z1: Vec<f64> = p.w1.iter().zip(&p.b1).map(|(row, b)| dot(row, x) + b).collect();
        let a1: Vec<f64> = z1.iter().map(|z| z.tanh()).collect();
        let a2: Vec<f64> = p.w2.iter().zip(&p.b2).map(|(row, b)| dot(row, &a1) + b).collect();
        let delta2: Vec<f64> = a2.iter().zip(y).map(|(a, y)| (a - y) / m).collect();
        let delta1: Vec<f64> = (0..a1.len())
            .map(|k| {
                let error: f64 = delta2.iter().zip(&p.w2).map(|(delta, row)| delta * row[k]).sum();
                error * (1.0 - a1[k] * a1[k])
            })
            .collect();
        add_product(&mut g.w1, &delta1, x);
        add(&mut g.b1, 1.0, &delta1);
        add_product(&mut g.w2, &delta2, &a1);
        add(&mut g.b2, 1.0, &delta2);
    }
    g
    // END SOLUTION 9.4
}

/// What `nn diagnose` says of these gradients.
pub(crate) fn diagnosis() -> Diagnosis {
    let (p, (x, y)) = (parameters(), examples());
    let g = gradients(&p, &x, &y);
    let dense = |weight: &Rows, bias: &[f64], activation| {
        let weight = Matrix::from_fn(weight.len(), weight[0].len(), |i, k| weight[i][k]);
        Dense { weight, bias: Matrix::from_column(bias), activation }
    };
    let layers = vec![dense(&p.w1, &p.b1, Activation::Tanh), dense(&p.w2, &p.b2, Activation::Identity)];
    let network = Network::new(layers, Loss::LeastSquares).expect("layers that fit");
    // Here columns are examples.
    let columns = |rows: &Rows| Matrix::from_fn(rows[0].len(), rows.len(), |i, j| rows[j][i]);
    let (x, y) = (columns(&x), columns(&y));
    let layer = |w: &Rows, b: &[f64]| format!(r#"{{"weight_gradient": {w:?}, "bias_gradient": {b:?}}}"#);
    let json = format!(r#"{{"layers": [{}, {}]}}"#, layer(&g.w1, &g.b1), layer(&g.w2, &g.b2));
    let yours = Yours::from_json(&json).expect("numbers in JSON");
    diagnose(Problem { network: &network, x: &x, y: &y, learning_rate: None }, &yours).expect("arrays that fit")
}

fn main() {
    print!("{}", diagnosis().to_text());
}
