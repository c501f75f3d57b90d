//! Two messages compared: picked one after the other, their fields side by side, and what differs.

mod lines;

use super::app::App;
use super::cells;
use crate::coap::count;
use crate::render::time::duration;
use crate::render::{self, Known, line};
use crate::store::RecordKind;
use crate::tracking::{RecordId, Relation};

pub use lines::{Line, Pair};

/// Runs of bytes that are named; there may be very many.
const RUNS: usize = 6;

/// A message that is compared.
#[derive(Clone, Debug)]
pub struct Side {
    id: RecordId,
    /// Number of its frame.
    pub frame: u32,
    /// Who sends what to whom, and how long it is.
    pub title: String,
    bytes: Vec<u8>,
    /// The capture has its beginning only.
    is_cut: bool,
    /// Its fields.
    pub lines: Vec<Line>,
    /// Lines that it has besides.
    beyond: usize,
}

/// Two messages, and what came of comparing them. They stay as they were when they were compared.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The one that was picked first, and the other.
    pub sides: [Side; 2],
    /// Their lines side by side.
    pub pairs: Vec<Pair>,
    /// What is said of them, a sentence each.
    pub said: Vec<String>,
    /// The first row drawn.
    pub top: usize,
    /// Rows of the pane, and all there are; known once it was drawn.
    pub page: (usize, usize),
}

impl Compared {
    /// Draw from this row on, as far as there are so many.
    pub fn scroll(&mut self, top: usize) {
        self.top = top.min(self.page.1.saturating_sub(self.page.0));
    }
}

impl App {
    /// Pick the selected message, or compare it with the one that is picked.
    pub(super) fn pick(&mut self) {
        let Some((id, record)) = self.list.selected.and_then(|id| Some((id, self.store.get(id)?))) else {
            return self.say("no message is selected: nothing to compare");
        };
        let frame = record.frame;
        if record.kind() != RecordKind::Message {
            return self.say(format!("#{frame} speaks of a message and is none: nothing to compare"));
        }
        let Some(picked) = self.picked else {
            self.picked = Some(frame);
            return self.say(format!("#{frame} is picked; Space on another message compares the two, Esc drops it"));
        };
        if picked == frame {
            self.picked = None;
            return self.say(format!("#{frame} is picked no more"));
        }
        let Some(first) = self.id_of(picked) else {
            self.picked = Some(frame);
            return self
                .say(format!("#{picked} has left the memory (a larger --memory keeps more): #{frame} is picked now"));
        };
        match (self.side(first), self.side(id)) {
            (Ok(mut first), Ok(mut second)) => {
                let pairs = lines::pairs(&first.lines, &second.lines);
                lines::tell_bytes(&mut first.lines, &mut second.lines, &pairs);
                let said = self.said_of(&first, &second, &pairs);
                self.compared = Some(Compared { sides: [first, second], pairs, said, top: 0, page: (0, 0) });
                self.picked = None;
            }
            (Err(why), _) => self.say(format!("#{picked} cannot be read: {why}")),
            (_, Err(why)) => self.say(format!("#{frame} cannot be read: {why}")),
        }
    }

    /// The message that was picked is that no more; false where none was.
    pub(super) fn drop_pick(&mut self) -> bool {
        let Some(frame) = self.picked.take() else { return false };
        self.say(format!("#{frame} is picked no more"));
        true
    }

    fn side(&mut self, id: RecordId) -> Result<Side, String> {
        let view = self.fetcher.view(&self.store, id).map_err(|error| error.to_string())?;
        let view = view.ok_or("it has left the memory")?;
        let line = line::parts(&view);
        let bytes = view.message.bytes().to_vec();
        let is_cut = view.message.is_cut();
        let ends = cells::ends(&self.store, &self.aliases, &view.record, 0);
        let cut = if is_cut { " captured" } else { "" };
        let title = format!("{ends}  {} {}, {}{cut}", line.message_type, line.code, count(bytes.len(), "byte"));
        let (lines, beyond) = lines::lines(&render::tree(&view, Known::Later), &bytes);
        Ok(Side { id, frame: view.record.frame, title, bytes, is_cut, lines, beyond })
    }

    /// What is to be said of two messages: whether their bytes are the same, which are not, and how they belong together.
    fn said_of(&self, first: &Side, second: &Side, pairs: &[Pair]) -> Vec<String> {
        let mut said = vec![said_of_bytes(first, second, pairs)];
        said.extend(self.relation_of(first, second));
        if let Some(more) = Some(first.beyond.max(second.beyond)).filter(|more| *more > 0) {
            said.push(format!("The first {} lines stand here, {more} more do not.", lines::MOST));
        }
        let hidden = [first, second].into_iter().filter(|side| !self.visible().has(side.id));
        said.extend(hidden.map(|side| format!("#{} is hidden by the filter.", side.frame)));
        said
    }

    /// That one is a copy of the other, or both of a third, and after how long.
    fn relation_of(&self, first: &Side, second: &Side) -> Option<String> {
        let (before, after) = if first.id < second.id { (first, second) } else { (second, first) };
        let (earlier, later) = (self.store.get(before.id)?, self.store.get(after.id)?);
        let elapsed = self.store.elapsed(before.id, after.id);
        let later_by = elapsed.map(|elapsed| format!("{} later", duration(elapsed)));
        let since = later_by.as_ref().map(|later_by| format!(", {later_by}")).unwrap_or_default();
        let (one, other) = (before.frame, after.frame);
        let is_of_it = later.is_repeat() && later.relates_to == before.id;
        let is_beside = later.is_repeat() && earlier.is_repeat() && later.relates_to == earlier.relates_to;
        let same = if first.bytes == second.bytes || first.is_cut || second.is_cut { "" } else { ", but not the same" };
        Some(match later.relation() {
            Relation::Retransmits if is_of_it => format!("#{other} is a retransmission of #{one}{since}{same}."),
            Relation::CopyOf if is_of_it => format!("#{other} is #{one} captured again{since}{same}."),
            _ if is_of_it => format!("#{other} is a copy of #{one}{since}{same}."),
            _ if is_beside => {
                let of = self.store.get(later.relates_to);
                let of = of.map_or("a message that has left memory".into(), |of| format!("#{}", of.frame));
                let by = later_by.unwrap_or_else(|| "later".into());
                format!("Both are copies of {of}{same}; #{other} comes {by}.")
            }
            _ => format!("#{other} comes {}.", later_by?),
        })
    }
}

/// Whether the bytes are the same, or which are not.
fn said_of_bytes(first: &Side, second: &Side, pairs: &[Pair]) -> String {
    let (one, other) = (&first.bytes, &second.bytes);
    let shorter = one.len().min(other.len());
    let differing: Vec<usize> = (0..shorter).filter(|at| one.get(*at) != other.get(*at)).collect();
    if first.is_cut || second.is_cut {
        // Of the cut one there is more than was captured.
        let is_longer = |cut: &Side, other: &Side| cut.is_cut && !other.is_cut && other.bytes.len() <= cut.bytes.len();
        let end = Some(shorter).filter(|_| is_longer(first, second) || is_longer(second, first));
        return match differing.first().copied().or(end) {
            None => format!("The same as far as both were captured: {}.", count(shorter, "byte")),
            Some(at) => format!("They differ from byte {at} on, as far as both were captured."),
        };
    }
    if one == other {
        return format!("The same {}, one by one.", count(one.len(), "byte"));
    }
    let fields = differing_fields(first, second, pairs);
    let fields = match fields.len() {
        0 => "The fields say the same in other bytes".to_owned(),
        1 => format!("{} differs", fields.concat()),
        _ => format!("{} differ", fields.join(", ")),
    };
    let place = differing.first().copied().unwrap_or(shorter);
    match (one.len() == other.len(), place) {
        (true, _) => format!("{fields}: {} of {}.", runs(&differing), one.len()),
        (false, 0) => format!("{fields}: {} and {} bytes, other ones from the first.", one.len(), other.len()),
        (false, place) => format!("{fields}: {} and {} bytes, the same before byte {place}.", one.len(), other.len()),
    }
}

/// Names of the fields that are not the same in both, each once.
fn differing_fields(first: &Side, second: &Side, pairs: &[Pair]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for pair in pairs.iter().filter(|pair| pair.differs) {
        let line = pair.first.and_then(|at| first.lines.get(at)).or(pair.second.and_then(|at| second.lines.get(at)));
        let Some(line) = line.filter(|line| line.depth() == 0) else { continue };
        if !names.contains(&line.label) {
            names.push(line.label.clone());
        }
    }
    names
}

/// Places in runs: `bytes 2-3, 9`.
fn runs(places: &[usize]) -> String {
    let runs: Vec<String> = places
        .chunk_by(|one, next| one + 1 == *next)
        .map(|run| match (run.first(), run.last()) {
            (Some(first), Some(last)) if first < last => format!("{first}-{last}"),
            (first, _) => first.map(ToString::to_string).unwrap_or_default(),
        })
        .collect();
    let word = if places.len() == 1 { "byte" } else { "bytes" };
    let more = runs.len().saturating_sub(RUNS);
    let named = runs.into_iter().take(RUNS).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{word} {named} and {more} more runs") } else { format!("{word} {named}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(bytes: &[u8], is_cut: bool) -> Side {
        Side { id: 0, frame: 1, title: String::new(), bytes: bytes.to_vec(), is_cut, lines: Vec::new(), beyond: 0 }
    }

    #[test]
    fn what_was_cut_goes_on() {
        let whole = "They differ from byte 4 on, as far as both were captured.";
        for (first, second, expected) in [
            (side(&[1, 2, 3, 4], false), side(&[1, 2, 3, 4, 5, 6], true), whole),
            (side(&[1, 2, 3, 4], false), side(&[1, 2, 3, 4], true), whole),
            (side(&[1, 2, 3], true), side(&[1, 2, 3, 4], false), "The same as far as both were captured: 3 bytes."),
            (side(&[1, 2, 3], true), side(&[1, 2, 3, 4], true), "The same as far as both were captured: 3 bytes."),
            (side(&[1, 2, 3], true), side(&[1, 9], true), "They differ from byte 1 on, as far as both were captured."),
            (side(&[1, 2], false), side(&[1, 2], false), "The same 2 bytes, one by one."),
            (side(&[1, 2], false), side(&[1, 3], false), "The fields say the same in other bytes: byte 1 of 2."),
        ] {
            assert_eq!(said_of_bytes(&first, &second, &[]), expected);
            assert_eq!(said_of_bytes(&second, &first, &[]), expected);
        }
    }

    #[test]
    fn bytes_are_named_in_runs() {
        for (places, expected) in [
            (&[2][..], "byte 2"),
            (&[2, 3], "bytes 2-3"),
            (&[2, 3, 9], "bytes 2-3, 9"),
            (&[0, 2, 4, 6, 8, 10, 12, 14], "bytes 0, 2, 4, 6, 8, 10 and 2 more runs"),
        ] {
            assert_eq!(runs(places), expected, "{places:?}");
        }
    }
}
