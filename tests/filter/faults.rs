//! What is said of filters that cannot be used.
