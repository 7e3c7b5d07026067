//! Does it: the only layer that reads clocks, draws randomness and sends, and has its host store, wait and verify
//! (pkg-template/src/shell.ts). Compiled for wasm32 only, and nothing in it assumes a window: the same module runs in a
//! worker.
//!
//! No logic: what to do is the engine's, what a message means is the protocol's.

mod alloc;
mod ambient;
mod convert;
mod crypto;
mod driver;
mod exports;
mod globals;
mod http;
mod tasks;

pub use exports::{Core, Host};
