//! Where frames come from and go to: savefiles, live interfaces, standard input, the spool.

#[cfg(feature = "live")]
pub mod live;
pub mod spool;
