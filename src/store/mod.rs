//! What is kept of each message: records of fixed size, side tables, and the indexes over them.
