//! The first few of many, without putting them all in order.

/// The `most` with the lowest keys, in the order of these.
pub fn lowest<T, K: Ord>(mut all: Vec<T>, most: usize, key: impl Fn(&T) -> K) -> Vec<T> {
    if most < all.len() {
        all.select_nth_unstable_by_key(most, &key);
        all.truncate(most);
    }
    all.sort_unstable_by_key(key);
    all
}
