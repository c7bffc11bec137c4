//! Standard output, which may close or fail, and how numbers look there.

use std::fmt::Display;
use std::io::{self, Write};

use nn_train::one_line;

use crate::failure::Failure;

/// Lines for standard output. A reader who closes the pipe ends the printing, not the program.
#[derive(Debug)]
pub(crate) struct Out {
    quiet: bool,
    closed: bool,
}

impl Out {
    /// `quiet`: print nothing.
    pub(crate) fn new(quiet: bool) -> Self {
        Out { quiet, closed: false }
    }

    /// Prints a line.
    pub(crate) fn line(&mut self, line: impl Display) -> Result<(), Failure> {
        self.text(format_args!("{line}\n"))
    }

    /// Prints a text as it is.
    pub(crate) fn text(&mut self, text: impl Display) -> Result<(), Failure> {
        if !self.prints() {
            return Ok(());
        }
        self.check(write!(io::stdout(), "{text}"))
    }

    /// Takes note of how a piece of printing went.
    pub(crate) fn check(&mut self, printed: io::Result<()>) -> Result<(), Failure> {
        match printed.and_then(|()| io::stdout().flush()) {
            Ok(()) => Ok(()),
            Err(error) => {
                self.closed = true;
                match error.kind() {
                    io::ErrorKind::BrokenPipe => Ok(()),
                    _ => Err(Failure::data(format_args!("standard output: {error}"))),
                }
            }
        }
    }

    /// Whether what comes is printed.
    pub(crate) fn prints(&self) -> bool {
        !self.quiet && !self.closed
    }

    /// Whether nothing more can be printed, because the reader has gone or the printing failed.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }
}

/// A line on standard error that the program can go on without.
pub(crate) fn warn(message: impl Display) {
    // Where standard error is closed there is no one to tell.
    let _ = writeln!(io::stderr(), "warning: {}", one_line(&message.to_string()));
}

/// A loss or the like with `decimals` decimals; where it is large, with four and its power of ten.
pub(crate) fn readable(x: f64, decimals: usize) -> String {
    if x.abs() < 1e3 { format!("{x:.decimals$}") } else { format!("{x:.4e}") }
}

/// A number as a person writes it: 0.2, 1, 1e308.
pub(crate) fn short(x: f64) -> String {
    let is_plain = x == 0.0 || (1e-5..1e16).contains(&x.abs());
    if is_plain { x.to_string() } else { format!("{x:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_have_decimals_until_they_are_large() {
        for (x, decimals, text) in [
            (0.25, 6, "0.250000"),
            (-999.5, 4, "-999.5000"),
            (1e3, 6, "1.0000e3"),
            (-1.23456e4, 4, "-1.2346e4"),
            (f64::MAX, 6, "1.7977e308"),
            (-f64::MAX, 4, "-1.7977e308"),
            (1e-320, 6, "0.000000"),
        ] {
            assert_eq!(readable(x, decimals), text);
        }
    }

    #[test]
    fn numbers_are_short_and_exact() {
        for text in
            ["0", "1", "0.2", "0.00001", "1e-6", "123456.5", "1e16", "1e308", "5e-324", "-1e300", "2.5e-7", "inf"]
        {
            let x: f64 = text.parse().unwrap();
            assert_eq!(short(x), text);
        }
        assert_eq!(short(f64::NAN), "NaN");
        assert_eq!(short(0.1 + 0.2).parse(), Ok(0.1 + 0.2));
    }
}
