//! What few requests have, and what is needed to judge their responses: see [`Asked`].

use super::{Asked, NOTHING, Slab, Slot, Slots};

/// What few requests have, of the request in a slot.
#[inline]
pub fn asked<'a>(kept: &'a Slab<Asked>, slot: &Slot) -> &'a Asked {
    kept.get(slot.asked).unwrap_or(&Asked::NOTHING)
}

impl Slots {
    /// What few requests have.
    #[inline]
    pub fn asked(&self, slot: &Slot) -> &Asked {
        asked(&self.asked, slot)
    }

    /// Keeps that of a slot which is not there yet, for [`Slot::asked`].
    #[inline(always)]
    pub fn keep_asked(&mut self, asked: Asked) -> u32 {
        if asked == Asked::NOTHING { NOTHING } else { self.asked.put(asked) }
    }

    /// What few requests have, of the request in a slot, to be changed.
    pub fn asked_mut(&mut self, number: u32) -> Option<&mut Asked> {
        let kept = self.get(number)?.asked;
        if kept == NOTHING {
            let kept = self.asked.put(Asked::NOTHING);
            self.get_mut(number)?.asked = kept;
            self.note(number);
            return self.asked.get_mut(kept);
        }
        self.asked.get_mut(kept)
    }
}
