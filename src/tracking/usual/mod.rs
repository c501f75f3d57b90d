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
use super::model::{Role, Tracked};
use crate::coap::{Code, MessageType};

impl Tracker {
    /// A well-formed message, if it is one of the usual: then `told` is called with what is known of it. Gives the part that it plays.
    #[inline(always)]
    pub(super) fn track_usual(
        &mut self,
        context: &mut Context<'_, '_>,
        mut told: impl FnMut(&Tracked),
    ) -> Option<Role> {
        let facts = context.facts;
        if !context.is_usual() {
            return None;
        }
        #[cfg(test)]
        if self.general_only {
            return None;
        }
        let mut tell = |tracked: Tracked| {
            told(&tracked);
            tracked.role
        };
        let role = match facts.kind {
            MessageType::Acknowledgement if facts.code.is_empty() => tell(self.usual_acknowledgement(context)?),
            MessageType::Acknowledgement => tell(self.usual_piggybacked(context)?),
            MessageType::Confirmable | MessageType::NonConfirmable if facts.code.is_request() => {
                tell(self.usual_request(context)?)
            }
            MessageType::Confirmable | MessageType::NonConfirmable
                if facts.code == Code::CONTENT && facts.observe.is_some() =>
            {
                tell(self.usual_notification(context)?)
            }
            MessageType::Confirmable | MessageType::NonConfirmable => tell(self.usual_response(context)?),
            MessageType::Reset => return None,
        };
        #[cfg(test)]
        {
            *self.usual.entry(role).or_default() += 1;
        }
        Some(role)
    }
}
