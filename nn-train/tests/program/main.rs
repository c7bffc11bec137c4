//! The program `nn`, run as a user runs it: what it prints, writes and refuses, and with which exit code.
#![cfg(feature = "cli")]

mod check;
mod diagnose;
mod files;
#[cfg(target_os = "linux")]
mod limits;
mod overflow;
mod own_data;
mod reading;
mod resume;
mod runs;
mod support;
