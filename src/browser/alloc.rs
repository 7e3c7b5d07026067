//! A wiping allocator: whatever is freed is overwritten first, so that a dropped token, and every copy
//! a codec or a string made of it, is gone from linear memory.
//!
//! Blocks come in powers of two, with a list of the free ones for each size. What is freed serves the
//! next of its size; what a client needs at a time is little, so nothing is ever merged or given back.

#![expect(unsafe_code, reason = "an allocator is unsafe by nature; this is the only place")]

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::{memory_grow, memory_size};
use std::cell::UnsafeCell;
use std::hint::black_box;
use std::ptr::null_mut;

/// Every block is aligned so; nothing here asks for more.
const ALIGNMENT: usize = 16;

/// What memory grows by.
const PAGE: usize = 64 * 1024;

/// A free block begins with the address of the next one.
struct Free {
    next: *mut Self,
}

struct Heap {
    /// Free blocks of 2^index octets.
    free: [*mut Free; usize::BITS as usize],
    /// Memory that was never handed out.
    fresh: usize,
    end: usize,
}

struct Wiping(UnsafeCell<Heap>);

// SAFETY: a module without shared memory has one thread.
unsafe impl Sync for Wiping {}

#[global_allocator]
static ALLOCATOR: Wiping =
    Wiping(UnsafeCell::new(Heap { free: [null_mut(); usize::BITS as usize], fresh: 0, end: 0 }));

/// The size of the block that serves a layout.
fn block_size(size: usize) -> usize {
    size.max(ALIGNMENT).next_power_of_two()
}

impl Heap {
    /// Memory that was never handed out; null when there is no more.
    fn take_fresh(&mut self, size: usize) -> *mut u8 {
        if self.end - self.fresh < size {
            let top = memory_size(0) * PAGE;
            // Somebody else may have grown the memory: what lies between is theirs.
            if top != self.end {
                self.fresh = top;
            }
            let pages = (size - (top - self.fresh)).div_ceil(PAGE);
            if memory_grow(0, pages) == usize::MAX {
                self.end = top;
                return null_mut();
            }
            self.end = top + pages * PAGE;
        }
        let block = self.fresh;
        self.fresh += size;
        std::ptr::with_exposed_provenance_mut(block)
    }
}

// SAFETY: blocks are disjoint: each is cut from fresh memory once, and leaves its list when it is handed out.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // No power of two is as large.
        if layout.align() > ALIGNMENT || layout.size() > usize::MAX / 4 {
            return null_mut();
        }
        // SAFETY: no other reference lives: nothing below calls out of this file.
        let heap = unsafe { &mut *self.0.get() };
        let size = block_size(layout.size());
        let list = &mut heap.free[size.trailing_zeros() as usize];
        if list.is_null() {
            return heap.take_fresh(size);
        }
        let block = *list;
        // SAFETY: a block in a list is free and begins with the next one's address.
        *list = unsafe { (*block).next };
        block.cast()
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: `memory` is the caller's last use of a block of that size, all of it ours again.
        unsafe {
            wipe(memory, layout.size());
            let list = &mut (*self.0.get()).free[block_size(layout.size()).trailing_zeros() as usize];
            let block = memory.cast::<Free>();
            block.write(Free { next: *list });
            *list = block;
        }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's contract; a block holds any layout that has its size.
        unsafe {
            if block_size(size) == block_size(layout.size()) {
                wipe(memory.add(size.min(layout.size())), layout.size().saturating_sub(size));
                return memory;
            }
            let place = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !place.is_null() {
                memory.copy_to_nonoverlapping(place, size.min(layout.size()));
                self.dealloc(memory, layout);
            }
            place
        }
    }
}

/// # Safety
/// The caller owns those octets.
unsafe fn wipe(memory: *mut u8, size: usize) {
    // SAFETY: as above.
    unsafe { memory.write_bytes(0, size) };
    // Keeps the write: to the optimiser it is dead.
    black_box(memory);
}
