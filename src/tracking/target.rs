//! What a request asks for, in one number.

use std::hash::{BuildHasher, Hasher};

use super::facts::{Facts, Hashed};
use super::seed::Seed;
use crate::coap::{Message, OptionInstance, OptionNumber};

/// Hash of what a request asks for: its cache key (RFC 7252 section 5.6) without ETag, Observe and the block options; for FETCH the
/// [sum](super::transfer::sum) of its body too. Where there is nothing else in it, that is its digest.
pub(super) fn target_hash(message: &Message<'_>, facts: &Facts, body: Option<u64>, seed: &Seed) -> u64 {
    let left_out = |number: OptionNumber| {
        number.is_no_cache_key()
            || matches!(
                number,
                OptionNumber::ETAG
                    | OptionNumber::OBSERVE
                    | OptionNumber::BLOCK1
                    | OptionNumber::BLOCK2
                    | OptionNumber::Q_BLOCK1
                    | OptionNumber::Q_BLOCK2
                    | OptionNumber::OSCORE
            )
    };
    let (hashed, draft) = (Hashed::of(facts.code, facts.kind), facts.mode.is_draft());
    let known = |option: &OptionInstance<'_>| {
        hashed.has(if draft { option.modern().unwrap_or(OptionNumber(0)) } else { option.number })
    };
    let (mut state, mut others) = (seed.random.build_hasher(), false);
    for option in message.options().filter(|option| !known(option) && !left_out(option.number)) {
        state.write_u32(u32::from(option.number.0) << 16 ^ option.value.len() as u32);
        state.write(option.value);
        others = true;
    }
    if let Some(body) = body {
        state.write_u64(body);
        others = true;
    }
    if others { seed.mix(facts.digest, state.finish()) } else { facts.digest }
}
