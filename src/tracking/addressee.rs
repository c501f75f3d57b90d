//! Which message an ACK or Reset is for (RFC 7252 sections 4.4 and 5.3.2).

use super::Tracker;
use super::context::Context;
use super::model::NO_RECORD;
use super::sent::{Handle, Sent, aside_key, key, stray_key};
use super::slots::Under;
use super::tokens::Token;
use crate::coap::MessageType;

/// Whether two tokens differ, both of which are known.
pub(super) fn is_another(one: &Token, other: &Token) -> bool {
    one != other && !one.is_unknown() && !other.is_unknown()
}

/// It was answered, and not by a Reset.
fn is_acknowledged(sent: &Sent) -> bool {
    sent.is_answered() && sent.reset == NO_RECORD
}

impl Tracker {
    /// The message between the two endpoints that owns the Message ID of the ACK or RST at hand.
    #[inline]
    pub(super) fn answered(&self, context: &Context<'_, '_>) -> Option<Handle> {
        self.answered_sent(context).map(|(handle, _)| handle)
    }

    /// The same, with what is known of that.
    #[inline]
    pub(super) fn answered_sent(&self, context: &Context<'_, '_>) -> Option<(Handle, &Sent)> {
        self.sent.find_sent(key(context.pair.reversed(), context.facts.message_id))
    }

    /// The message between the two endpoints that the ACK or RST at hand is for: of several that had its Message ID, the one that had its token
    /// too, and else the newest. A Reset is for a damaged message behind that, or where that has its ACK.
    pub(super) fn addressee(&self, context: &Context<'_, '_>) -> Option<Handle> {
        let newest = self.answered_sent(context);
        let fits = |sent: &Sent| sent.is_request() && !self.is_of_another(sent, context);
        let other = match newest {
            Some((_, sent)) if context.facts.code.is_response() && !fits(sent) => self.request_with_token(context),
            None if context.facts.code.is_response() => self.request_with_token(context),
            Some((_, sent)) if context.facts.kind == MessageType::Reset => self.damaged_behind(sent, context),
            _ => None,
        };
        other.or(newest.map(|(handle, _)| handle))
    }

    /// A response in an ACK whose token is not that of the request: it answers another, and is no ACK of this one.
    pub(super) fn is_of_another(&self, sent: &Sent, context: &Context<'_, '_>) -> bool {
        let slot = self.slots.get(sent.slot).filter(|slot| slot.row.request == sent.record);
        context.facts.code.is_response() && slot.is_some_and(|slot| is_another(&slot.token, &context.facts.token))
    }

    /// The request that had Message ID and token of the response at hand, but does not own that number: another one has it, or it came in an ACK.
    #[cold]
    #[inline(never)]
    fn request_with_token(&self, context: &Context<'_, '_>) -> Option<Handle> {
        let (back, message_id) = (context.pair.reversed(), context.facts.message_id);
        let keys = [key(back, message_id), stray_key(back, message_id, false), aside_key(back, message_id)];
        let Under { open, closed, observing, ended } = self.slots.under(back, &context.facts.token);
        [open, closed, observing, ended].into_iter().find_map(|number| {
            let slot = self.slots.get(number)?;
            let sent = self.sent.get(slot.sent)?;
            let fits = sent.record == slot.row.request && keys.contains(&sent.key) && self.lives(slot.sent, sent);
            fits.then_some(slot.sent)
        })
    }

    /// The malformed message under the Message ID of a well-formed one that has to be rejected, not that: it is newer, or had a Reset before.
    #[cold]
    #[inline(never)]
    fn damaged_behind(&self, owner: &Sent, context: &Context<'_, '_>) -> Option<Handle> {
        let (handle, sent) = self.sent.find_sent(aside_key(context.pair.reversed(), context.facts.message_id))?;
        let is_newer = sent.record > self.sent.again(owner).last_record;
        let is_meant = is_newer || is_acknowledged(owner) || sent.reset != NO_RECORD;
        (is_meant && self.lives(handle, sent)).then_some(handle)
    }

    /// A Reset came to a malformed message. Gives whether there was neither a Reset nor a response before.
    #[cold]
    pub(super) fn closes_malformed(&mut self, sent: &Sent) -> bool {
        let slot = self.slots.get_mut(sent.slot).filter(|slot| slot.row.request == sent.record);
        slot.is_none_or(|slot| std::mem::replace(&mut slot.row.responses, 1) == 0)
    }
}
