#![cfg_attr(feature = "tokio", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "tokio"), doc = "A Redis in your process, whose clock you turn.")]

mod abi;
#[cfg(feature = "tokio")]
pub mod aio;
mod client;
mod engine;
mod error;
mod files;
mod guest;
mod module;
mod server;
mod sockets;
#[cfg(test)]
mod tests;

pub use client::Connection;
pub use error::{Error, Result};
pub use server::{Builder, Clock, Server};
