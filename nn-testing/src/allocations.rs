//! An allocator that counts.
#![allow(unsafe_code)] // An allocator can be written in no other way. This one counts, and hands on to the system's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, which counts for [`allocations`]. A test program makes it its own:
///
/// ```ignore
/// #[global_allocator]
/// static ALLOCATOR: CountingAllocator = CountingAllocator;
/// ```
#[derive(Debug)]
pub struct CountingAllocator;

thread_local! {
    /// Allocations of this thread so far: the tests of a program run side by side, each in a thread of its own.
    static COUNTED: Cell<usize> = const { Cell::new(0) };
}

/// How often `code` asks for memory in this thread. Nothing is counted unless the program has the [`CountingAllocator`].
pub fn allocations(code: impl FnOnce()) -> usize {
    let before = COUNTED.get();
    code();
    COUNTED.get() - before
}

fn count() {
    COUNTED.set(COUNTED.get() + 1);
}

// SAFETY: every call is handed on unchanged to the system's allocator, which keeps the promises of the trait. Counting
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
