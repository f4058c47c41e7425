//! The addon's sources without the border to JavaScript, compiled once more so that benches can reach them: the addon
//! is a `cdylib`, which nothing can link, and an rlib beside it would make it 0.7 MB larger.

// What only the border uses has no use here.
#![allow(dead_code, unused_imports, reason = "the border to JavaScript is left out")]

// The modules of `src/lib.rs` but for `node`; build.rs lists them.
include!(concat!(env!("OUT_DIR"), "/modules.rs"));

pub mod stage;

// As in the addon.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
