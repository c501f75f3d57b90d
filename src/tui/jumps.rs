//! The ways from one message to another: to a related one, to a frame, to a mark, and back.

use super::action::{Jump, Motion, View};
use super::app::App;
use crate::coap::Severity;
use crate::render::ladder::Scope;
use crate::store::Record;
use crate::tracking::{NO_RECORD, RecordId, Relation, Role};

/// Jumps that can be gone back.
const STEPS_BACK: usize = 64;
/// What is told of the message that a jump began at.
const BEGAN: &str = ", where the jump began,";

/// A stop of the problem keys: a warning, an error, a retransmission.
fn is_problem(record: &Record) -> bool {
    record.severity() >= Some(Severity::Warn) || record.relation() == Relation::Retransmits
}

impl App {
    /// Select the message of a frame number, or the one behind it; where the capture has no such frame, say how many it has.
    pub(super) fn go_to_frame(&mut self, frame: u64) {
        let frames = self.store.summary().frames;
        let Some(frame) = u32::try_from(frame).ok().filter(|frame| (1..=frames).contains(&u64::from(*frame))) else {
            let there = if frames == 1 { "there is 1 frame".into() } else { format!("there are {frames} frames") };
            return self.say(format!("no frame {frame}: {there}"));
        };
        let low = self.id_from(frame);
        self.jump_to(self.nearest(low, frame));
        let selected = self.list.selected.and_then(|id| self.store.get(id)).map(|record| record.frame);
        if let Some(selected) = selected.filter(|selected| *selected != frame) {
            let found = self.store.get(low).map(|record| record.frame);
            let is_old = low == self.store.first() && low > 0 && found.is_none_or(|oldest| frame < oldest);
            let why = match found {
                Some(found) if found == frame => "the filter hides it",
                // Whether it held a message is not known any more.
                _ if is_old => "which is older than all that is still in memory",
                _ => "it holds no message that is shown",
            };
            self.say(format!("not #{frame}, {why}: #{selected} is the nearest"));
        }
    }

    /// The first message of this frame or of one behind it.
    pub(super) fn id_from(&self, frame: u32) -> RecordId {
        let shown = self.shown();
        let (mut low, mut high) = (shown.start, shown.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.store.get(middle).is_some_and(|record| record.frame < frame) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The message that is shown whose frame is nearest to this one; of two the later. `id`: the first from that frame on, shown or not.
    fn nearest(&self, id: RecordId, frame: u32) -> RecordId {
        let visible = self.visible();
        let row = visible.row(id);
        let before = row.checked_sub(1).and_then(|row| visible.at(row));
        let far = |id: &RecordId| self.store.get(*id).map_or(u32::MAX, |record| record.frame.abs_diff(frame));
        visible.at(row).into_iter().chain(before).min_by_key(far).unwrap_or(id)
    }

    /// Select another message, and remember where from.
    pub(super) fn jump_to(&mut self, id: RecordId) {
        if let Some(from) = self.list.selected.filter(|from| *from != id) {
            if self.list.back.len() == STEPS_BACK {
                self.list.back.remove(0);
            }
            self.list.back.push(from);
            self.list.before = Some(from);
        }
        self.unfold_for(id);
        self.select(id);
    }

    /// Go to a related message, from that to its related one and so many times on, or say that there is none.
    pub(super) fn jump(&mut self, jump: Jump, times: usize) {
        let Some(mut at) = self.list.selected else { return };
        match jump {
            Jump::Next | Jump::Previous => {
                let motion = if jump == Jump::Next { Motion::Down } else { Motion::Up };
                let before = self.list.selected;
                match self.view {
                    View::Flow => self.move_in_flow(motion, times),
                    _ => self.move_in_list(motion, times),
                }
                if self.list.selected == before {
                    self.say(if jump == Jump::Next { "this is the last message" } else { "this is the first message" });
                }
                return;
            }
            Jump::Back => return self.go_back_from_jumps(times),
            Jump::Before => return self.go_before_jump(),
            _ => {}
        }
        // What answers and what is answered are no long chains, and must not be a ring.
        let most = if matches!(jump, Jump::Cause | Jump::Answer) { times.min(STEPS_BACK) } else { times };
        let mut steps = 0;
        while steps < most
            && let Some(next) = self.related(at, jump).filter(|next| *next != at)
        {
            (at, steps) = (next, steps + 1);
        }
        if steps == 0 {
            self.say(self.no_such(jump));
        } else if !self.refuse_hidden(at, "") {
            self.jump_to(at);
            if steps < most {
                self.say_more(&format!("{steps} of {times} steps: {}", self.no_such(jump)));
            }
        }
    }

    /// Say of a message that is not shown, and of which so much is told, why it is not; false where it is shown.
    pub(super) fn refuse_hidden(&mut self, id: RecordId, told: &str) -> bool {
        match self.store.get(id).map(|record| record.frame) {
            _ if self.visible().has(id) => return false,
            Some(frame) => self.say(format!("#{frame}{told} is hidden by the filter; Esc in the list takes it away")),
            None => self.say(format!("that message{told} has left the memory; it is still in the file")),
        }
        true
    }

    /// Back to where the last jumps began, so many of those that were not gone back.
    fn go_back_from_jumps(&mut self, times: usize) {
        // What lies between is passed over.
        let gone = times.min(self.list.back.len()).saturating_sub(1);
        self.list.back.truncate(self.list.back.len() - gone);
        let Some(id) = self.list.back.last().copied() else { return self.say("no jump to go back from") };
        // What is hidden can be shown again, what has left the memory cannot.
        if self.store.get(id).is_none() {
            self.list.back.pop();
        }
        if !self.refuse_hidden(id, BEGAN) {
            self.list.back.pop();
            self.list.before = self.list.selected;
            self.unfold_for(id);
            self.select(id);
        }
    }

    /// To where the last jump began, and from there back to where it led.
    fn go_before_jump(&mut self) {
        let Some(id) = self.list.before else { return self.say("no jump yet to go back from") };
        if self.refuse_hidden(id, BEGAN) {
            return;
        }
        if self.list.selected == Some(id) {
            return self.say("the last jump began here");
        }
        self.list.back.pop_if(|last| *last == id);
        self.jump_to(id);
    }

    fn related(&self, at: RecordId, jump: Jump) -> Option<RecordId> {
        let record = self.store.get(at)?;
        let (shown, visible) = (self.shown(), self.visible());
        let problem = |id: &RecordId| {
            visible.has(*id)
                && self.store.get(*id).is_some_and(|record| is_problem(&record))
                && match self.view {
                    View::Flow => self.flow.ladder.shows(&self.store, *id),
                    View::Observations => self.store.observation_of(*id).is_some(),
                    _ => true,
                }
        };
        match jump {
            Jump::NextInExchange => {
                let last = self.store.exchange(record.exchange).filter(|_| record.exchange.0 != 0)?.last;
                (at + 1..shown.end.min(last.saturating_add(1)))
                    .find(|id| self.store.get(*id).is_some_and(|other| other.exchange == record.exchange))
            }
            Jump::PreviousInExchange => Some(record.previous_in_exchange).filter(|id| *id != NO_RECORD),
            Jump::NextProblem => (at + 1..shown.end).find(problem),
            Jump::PreviousProblem => (shown.start..at).rev().find(problem),
            Jump::Cause => self.store.shown_relation(at),
            Jump::Answer if record.relation() == Relation::CopyOf => self.store.answered_by(record.relates_to),
            Jump::Answer => self.store.answered_by(at),
            Jump::Next | Jump::Previous | Jump::Back | Jump::Before => None,
        }
    }

    fn no_such(&self, jump: Jump) -> String {
        let role = self.list.selected.and_then(|id| self.store.get(id)).map(|record| record.role);
        let begins = matches!(role, Some(Role::Request | Role::Registration | Role::Deregistration | Role::Ping));
        let said = match jump {
            Jump::NextInExchange => "no later message of this exchange",
            Jump::PreviousInExchange => "no earlier message of this exchange",
            Jump::NextProblem => return format!("no problem below{}", self.among()),
            Jump::PreviousProblem => return format!("no problem above{}", self.among()),
            Jump::Cause if begins => "it answers and repeats nothing: it begins an exchange",
            Jump::Cause => "it answers and repeats nothing that was captured",
            Jump::Answer => "nothing that was captured answers it",
            Jump::Next | Jump::Previous | Jump::Back | Jump::Before => "",
        };
        said.into()
    }

    /// Among which messages problems are looked for, where these are not all.
    fn among(&self) -> &'static str {
        match self.view {
            View::Observations => " in an observation; 1 shows the others",
            View::Flow if *self.flow.ladder.scope() != Scope::All => " in this exchange; = shows all messages",
            _ if self.list.chosen.is_some() => " that passes the filter",
            View::Flow if self.flow.ladder.lanes.all().iter().any(|lane| lane.hidden) => " on the lanes that are shown",
            _ => "",
        }
    }
}
