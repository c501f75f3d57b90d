//! Where frames come from and go to: savefiles, live interfaces, standard input, the spool.

pub mod spool;
