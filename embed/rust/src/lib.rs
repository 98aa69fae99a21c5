#![cfg_attr(feature = "tokio", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "tokio"), doc = "A Redis in your process, whose clock you turn.")]

mod abi;
mod connection;
mod engine;
mod error;
mod files;
mod guest;
mod module;
mod server;
#[cfg(test)]
mod tests;

pub use connection::Connection;
pub use error::{Error, Result};
pub use server::{Builder, Clock, Server};
