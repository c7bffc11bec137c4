//! An allocation counter.
#![allow(unsafe_code)] // `GlobalAlloc` is an unsafe trait. This allocator counts, and calls the system's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator with a counter for [`allocations`]. A test program installs it by
///
/// ```ignore
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator;
/// ```
#[derive(Debug)]
pub struct CountingAllocator;

thread_local! {
    /// Allocations of this thread so far: tests run in parallel, each in its own thread.
    static COUNTED: Cell<usize> = const { Cell::new(0) };
}

/// The number of allocations of `code` in this thread. Nothing is counted unless the program has the [`CountingAllocator`].
pub fn allocations(code: impl FnOnce()) -> usize {
    let before = COUNTED.get();
    code();
    COUNTED.get() - before
}

fn count() {
    COUNTED.set(COUNTED.get() + 1);
}

// SAFETY: every call is passed unchanged to the system's allocator, which keeps the promises of the trait. Counting
// touches one number of the thread that needs no memory and no destructor.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the conditions of `GlobalAlloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}
