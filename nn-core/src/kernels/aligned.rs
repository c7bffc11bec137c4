//! The numbers of a matrix, aligned to a cache line (64 bytes).
#![allow(unsafe_code)] // A Vec is aligned as its element type is: lines of 64 bytes, which are read as numbers.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// A contiguous buffer, like a `Vec`, aligned to a cache line: a SIMD register that crosses two lines is loaded twice.
///
/// Without it (AVX-512, one example) a step of 2-16-16-1 takes 1.05 times as long in f32, and one of 64-32-10 1.1 times in
/// f64.
#[derive(Clone)]
pub(crate) struct Aligned<T> {
    lines: Vec<Line<T>>,
    length: usize,
}

/// Sixteen numbers: one cache line of `f32`, two of `f64`.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line<T>([T; 16]);

impl<T: Copy> Aligned<T> {
    /// Changes the length; entries that are added are `new`. Keeps the allocation where it is large enough, and allocates
    /// no spare room.
    pub(crate) fn resize(&mut self, length: usize, new: T) {
        let lines = length.div_ceil(16);
        self.lines.reserve_exact(lines.saturating_sub(self.lines.len()));
        self.lines.resize(lines, Line([new; 16]));
        self.length = length;
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        const { assert!(size_of::<Line<T>>() == 16 * size_of::<T>(), "numbers of four bytes or a multiple of it") }
        // SAFETY: `resize` keeps ⌈length / 16⌉ lines, which are initialised, lie one after the other, and are sixteen
        // numbers without a gap, as the assertion says.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }
}

impl<T> DerefMut for Aligned<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        const { assert!(size_of::<Line<T>>() == 16 * size_of::<T>(), "numbers of four bytes or a multiple of it") }
        // SAFETY: `resize` keeps ⌈length / 16⌉ lines, which are initialised, lie one after the other, and are sixteen
        // numbers without a gap, as the assertion says; `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
    }
}

impl<T> Default for Aligned<T> {
    fn default() -> Self {
        Aligned { lines: Vec::new(), length: 0 }
    }
}

impl<T: PartialEq> PartialEq for Aligned<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: fmt::Debug> fmt::Debug for Aligned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
