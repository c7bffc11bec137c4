//! Where the time of a training step goes, on one screen: every workload by hand and by tape, beside its matrix products
//! alone and the peak performance of this processor.
//!
//! ```text
//! cargo run --release -p nn-train --example speed
//! cargo run --release -p nn-train --example speed -- --precision f64 --rounds 9
//! cargo run --release -p nn-train --example speed -- --vectors 128 W2_b32
//! ```
//!
//! All columns of a line are measured in turn, round after round, and the medians are shown: a machine changes its speed
//! from second to second, and only what was measured together can be compared. The ceiling is a loop of independent
//! multiply-adds: no program can do more on one core. `--vectors` selects narrower SIMD registers than the widest of the
//! processor, for the ceiling too.

use std::fmt::Display;
use std::hint::black_box;
use std::time::Instant;

use fearless_simd::{Level, Simd, SimdBase, SimdFloat, SimdFloatElement, dispatch};
use nn_core::text::grouped;
use nn_core::{Matrix, Scalar, Write, matmul};
use nn_layers::{ByHand, ByTape};

use workload::{NAMES, Orientation, Product, Stepper, Workload};

#[path = "../benches/support/workload.rs"]
mod workload;

const USAGE: &str =
    "usage: speed [--precision f32|f64] [--vectors BITS] [--rounds N] [WORKLOAD …], such as W4_b128 or G:784-256-10:64";

fn main() {
    let (mut precision, mut rounds, mut names) = ("f32".to_owned(), 7, Vec::new());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--precision" => precision = args.next().unwrap_or_default(),
            "--vectors" => {
                let bits = args.next().and_then(|bits| bits.parse().ok()).unwrap_or_else(|| usage());
                set_vector_bits(bits).unwrap_or_else(|error| exit_with(&error));
            }
            "--rounds" => {
                let number = args.next().and_then(|n| n.parse().ok()).filter(|&n| n > 0);
                rounds = number.unwrap_or_else(|| usage());
            }
            name if Workload::new(name).is_some() => names.push(arg),
            _ => usage(),
        }
    }
    if names.is_empty() {
        names = NAMES.map(str::to_owned).to_vec();
    }
    match precision.as_str() {
        "f32" => table::<f32>("f32", &names, rounds),
        "f64" => table::<f64>("f64", &names, rounds),
        _ => usage(),
    }
}

fn usage() -> ! {
    exit_with(&USAGE)
}

fn exit_with(why: &dyn Display) -> ! {
    eprintln!("{why}");
    std::process::exit(2);
}

#[cfg(feature = "fast")]
use nn_core::{set_vector_bits, vector_bits};

#[cfg(not(feature = "fast"))]
fn set_vector_bits(_: usize) -> Result<(), &'static str> {
    Err("this build has plain loops and no SIMD width to choose: it lacks the feature `fast`")
}

#[cfg(not(feature = "fast"))]
fn vector_bits() -> usize {
    usize::MAX // plain loops are compared with the widest SIMD of the processor
}

fn table<T: Scalar + SimdFloatElement>(precision: &str, names: &[String], rounds: usize) {
    let vectors = match vector_bits() {
        0 | usize::MAX => "plain loops".to_owned(),
        bits => format!("{bits}-bit SIMD"),
    };
    println!("One training step in {precision}, {vectors}, one thread, medians of {rounds} rounds");
    println!(
        "products: the matrix products alone; share: of the time by hand; ceiling: GFLOP/s in percent of the peak\n"
    );
    println!("workload    by hand  by tape  tape ÷  products  share  examples/s  GFLOP/s  ceiling");
    println!("                 µs       µs    hand        µs");
    for name in names {
        let workload = Workload::new(name).expect("checked when the arguments were read");
        let mut by_hand = Stepper::new(&workload, ByHand::new(workload.network::<T>()));
        let mut by_tape = Stepper::new(&workload, ByTape::new(&workload.network::<T>()));
        let mut products: Vec<_> = workload.products().into_iter().map(Factors::<T>::new).collect();
        // Enough steps at a time to take some milliseconds.
        let repeat = (2e8 / (workload.flops() + 1e5)).ceil() as usize;
        let mut times = [const { Vec::new() }; 4];
        for _ in 0..rounds {
            times[0].push(time(repeat, || by_hand.step()));
            times[1].push(time(repeat, || by_tape.step()));
            times[2].push(time(repeat, || products.iter_mut().for_each(Factors::multiply)));
            times[3].push(ceiling::<T>());
        }
        let [hand, tape, products, ceiling] = times.map(median);
        let gflops = workload.flops() / hand * 1e-9;
        println!(
            "{name:10} {:>8} {:>8} {:>7.2} {:>9} {:>4.0} % {:>11} {gflops:>8.1} {:>6.0} %",
            digits(1e6 * hand),
            digits(1e6 * tape),
            tape / hand,
            digits(1e6 * products),
            100.0 * products / hand,
            grouped(workload.batch as f64 / hand),
            100.0 * gflops / ceiling,
        );
    }
}

/// Seconds per call: the median over ten chunks of `repeat` calls, so that periodic disturbances, every few milliseconds,
/// do not count.
fn time(repeat: usize, mut call: impl FnMut()) -> f64 {
    let part = repeat.div_ceil(10);
    let seconds = |_| {
        let start = Instant::now();
        (0..part).for_each(|_| call());
        start.elapsed().as_secs_f64() / part as f64
    };
    median((0..repeat.div_ceil(part)).map(seconds).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The two factors of a product, as they lie in memory, and a matrix for the result.
struct Factors<T> {
    a: Matrix<T>,
    b: Matrix<T>,
    c: Matrix<T>,
    orientation: Orientation,
}

impl<T: Scalar> Factors<T> {
    fn new(Product { shape: [m, k, n], orientation }: Product) -> Self {
        let filled = |rows, columns| Matrix::from_fn(rows, columns, |i, j| T::from_f64(((i + j) % 7) as f64));
        let (a, b) = match orientation {
            Orientation::Plain => (filled(m, k), filled(k, n)),
            Orientation::LeftTransposed => (filled(k, m), filled(k, n)),
            Orientation::RightTransposed => (filled(m, k), filled(n, k)),
        };
        Factors { a, b, c: Matrix::zeros(m, n), orientation }
    }

    fn multiply(&mut self) {
        let Factors { a, b, c, orientation } = self;
        match orientation {
            Orientation::Plain => matmul(&*a, &*b, Write::Replace, c),
            Orientation::LeftTransposed => matmul(a.t(), &*b, Write::Replace, c),
            Orientation::RightTransposed => matmul(&*a, b.t(), Write::Replace, c),
        }
        black_box(c);
    }
}

const ROUNDS: usize = 50_000;
/// Independent sums: enough to fill the pipelines of two units, and few enough to stay in 16 registers.
const SUMS: usize = 12;

/// GFLOP/s of independent multiply-adds.
fn ceiling<T: Scalar + SimdFloatElement>() -> f64 {
    let start = Instant::now();
    let (result, lanes) = dispatch!(level(), simd => multiply_adds::<_, T>(simd));
    let seconds = start.elapsed().as_secs_f64();
    black_box(result);
    2.0 * (ROUNDS * SUMS * lanes) as f64 / seconds * 1e-9
}

/// The SIMD level of the kernels.
fn level() -> Level {
    let widest = Level::new();
    #[cfg(target_arch = "x86_64")]
    let narrower = match vector_bits() {
        128 => widest.as_sse2().map(Level::Sse2),
        256 => widest.as_avx2().map(Level::Avx2),
        _ => None,
    };
    #[cfg(not(target_arch = "x86_64"))]
    let narrower = None;
    narrower.unwrap_or(widest)
}

/// Multiply-adds in all lanes of the SIMD registers, and the number of lanes.
#[inline(always)]
fn multiply_adds<S: Simd, T: SimdFloatElement>(simd: S) -> (T, usize) {
    let splat = |x: T| T::Native::<S>::splat(simd, x);
    let [zero, one] = [0, 1].map(|x: i8| T::from(x));
    let mut sums = [splat(one); SUMS];
    for _ in 0..ROUNDS {
        let (x, y) = (splat(black_box(one)), splat(zero));
        for sum in &mut sums {
            *sum = sum.mul_add(x, y);
        }
    }
    (sums.iter().fold(zero, |total, sum| total + sum.reduce_sum()), T::Native::<S>::LEN)
}

/// Three significant digits, or all digits before the decimal point.
fn digits(x: f64) -> String {
    let decimals = if x < 10.0 { 2 } else { usize::from(x < 100.0) };
    if x < 1000.0 { format!("{x:.decimals$}") } else { grouped(x) }
}
