//! Payloads that are not what their Content-Format says, where somebody asks: every command does.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::coap::{Message, OptionNumber};
use crate::payload::{self, Part};

/// Sound payloads that are remembered: devices say the same things again and again.
const REMEMBERED: usize = 4096;

/// Which payloads have been judged.
pub(super) struct Payloads {
    /// Hashes of sound ones, each in the place that its low bits say. Empty where nobody asks.
    sound: Vec<u64>,
}

impl Payloads {
    /// `wanted`: somebody asks.
    pub fn new(wanted: bool) -> Self {
        Self { sound: if wanted { vec![0; REMEMBERED] } else { Vec::new() } }
    }

    /// Whether there is something to be said of the payload of a well-formed message.
    #[inline]
    pub fn are_odd(&mut self, message: &Message<'_>) -> bool {
        !self.sound.is_empty() && !message.payload().is_empty() && self.is_odd(message)
    }

    fn is_odd(&mut self, message: &Message<'_>) -> bool {
        if !message.has(OptionNumber::CONTENT_FORMAT) || payload::part(message) != Part::Whole {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        (message.header().map(|header| header.code.0), message.content_format(), message.payload()).hash(&mut hasher);
        let hash = hasher.finish() | 1;
        let Some(place) = self.sound.get_mut(hash as usize / 2 % REMEMBERED) else { return false };
        if *place == hash {
            return false;
        }
        let is_odd = !payload::findings(message).is_empty();
        if !is_odd {
            *place = hash;
        }
        is_odd
    }
}
