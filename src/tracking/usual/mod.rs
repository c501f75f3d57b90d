//! The messages that make up most of all traffic, each related in one go: the first copy of a request, the first response to it, its empty ACK
//! or that of a response, and the next notification of an observation, of whose place nothing odd can be said.
//!
//! Whatever is not just so is left to the general path, before anything is changed. That one tells what is right: a test holds that nobody can
//! see which of the two a message went through.

mod acknowledgement;
mod notification;
mod request;
mod response;
#[cfg(test)]
mod tests;

use super::Tracker;
use super::context::Context;
use super::facts::Usual;
use super::model::{Role, Tracked};

impl Tracker {
    /// A well-formed message, if it is one of the usual: then `told` is called with what is known of it. Gives the part that it plays.
    ///
    /// There is one branch on what it may be, since nobody can foretell that; what depends on it is behind.
    #[inline(always)]
    pub(super) fn track_usual(
        &mut self,
        context: &mut Context<'_, '_>,
        mut told: impl FnMut(&Tracked),
    ) -> Option<Role> {
        let facts = context.facts;
        let mut tell = |tracked: Tracked| {
            told(&tracked);
            tracked.role
        };
        let role = match facts.usual {
            Usual::EmptyAck => tell(self.usual_acknowledgement(context)?),
            Usual::PiggybackedResponse => tell(self.usual_piggybacked(context)?),
            Usual::Request => {
                context.resource = self.resource(context.bytes, facts);
                tell(self.usual_request(context)?)
            }
            Usual::Registration => {
                context.resource = self.resource(context.bytes, facts);
                tell(self.usual_registration(context)?)
            }
            Usual::Notification => tell(self.usual_notification(context)?),
            Usual::Response => tell(self.usual_response(context)?),
            Usual::None => return None,
        };
        #[cfg(test)]
        {
            *self.usual.entry(role).or_default() += 1;
        }
        Some(role)
    }
}
