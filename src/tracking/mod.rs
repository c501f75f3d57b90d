//! How messages relate over time: message layer, exchanges, observations, and what is odd about them.

pub mod model;

pub use model::*;
