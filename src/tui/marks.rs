//! Marks: letters that the user gave to messages, and the ways back to these.

use super::app::App;
use crate::tracking::RecordId;

/// The letters with the frames of their messages, the one that was given last at the end.
#[derive(Clone, Debug, Default)]
pub struct Marks(Vec<(char, u32)>);

impl Marks {
    /// The frame that has a mark.
    fn frame(&self, letter: char) -> Option<u32> {
        self.0.iter().find(|(known, _)| *known == letter).map(|(_, frame)| *frame)
    }

    /// The mark of a frame; of several the one that was given last.
    pub fn letter(&self, frame: u32) -> Option<char> {
        self.0.iter().rev().find(|(_, known)| *known == frame).map(|(letter, _)| *letter)
    }

    /// Take a mark away; the frame that had it.
    fn remove(&mut self, letter: char) -> Option<u32> {
        let place = self.0.iter().position(|(known, _)| *known == letter)?;
        Some(self.0.remove(place).1)
    }

    /// Give a mark to a frame alone.
    pub(super) fn set(&mut self, letter: char, frame: u32) {
        self.remove(letter);
        self.0.push((letter, frame));
    }

    /// All marks, with their frames.
    pub(super) fn all(&self) -> &[(char, u32)] {
        &self.0
    }

    /// What can be typed behind the quote that leads to a mark.
    pub fn offered(&self) -> String {
        let words = self.words();
        let words = if words.is_empty() { "no message has a mark yet".into() } else { format!("marks: {words}") };
        format!("{words}; ' again leads to where the last jump began")
    }

    /// All marks in the order of letters: `a #4, b #17`.
    fn words(&self) -> String {
        let mut all = self.0.clone();
        all.sort_unstable();
        all.iter().map(|(letter, frame)| format!("{letter} #{frame}")).collect::<Vec<_>>().join(", ")
    }
}

impl App {
    /// Mark the selected message, or take the mark away where it has it already.
    pub(super) fn mark(&mut self, letter: char) {
        if self.refuse_unmarked() {
            return;
        }
        let Some(frame) = self.list.selected.and_then(|id| self.store.get(id)).map(|record| record.frame) else {
            return self.say("no message is selected: nothing to mark");
        };
        match self.marks.remove(letter) {
            Some(before) if before == frame => {
                return self.say(format!("#{frame} has mark {letter} no more; m{letter} gives it again"));
            }
            Some(before) => self.say(format!("mark {letter} is on #{frame} now, on #{before} no more")),
            None => self.say(format!("mark {letter} is on #{frame}; '{letter} leads back to it")),
        }
        self.marks.set(letter, frame);
    }

    /// Go to the message with a mark, or say what keeps it from being shown.
    pub(super) fn go_to_mark(&mut self, letter: char) {
        let Some(frame) = self.marks.frame(letter) else {
            let known = self.marks.words();
            let known = if known.is_empty() { known } else { format!("; there is {known}") };
            return self.say(format!("no message has mark {letter}: m{letter} marks the selected one{known}"));
        };
        let told = format!(", mark {letter},");
        match self.id_of(frame) {
            Some(id) if self.list.selected == Some(id) => self.say(format!("this is #{frame}, with mark {letter}")),
            Some(id) if self.refuse_hidden(id, &told) => {}
            Some(id) => self.jump_to(id),
            None if self.store.first() > 0 => {
                self.say(format!("#{frame}{told} has left the memory; a larger --memory keeps more"));
            }
            None => self.say(format!("#{frame}{told} is not read yet")),
        }
    }

    /// The messages that have marks and are in memory.
    pub(super) fn marked_messages(&self) -> Vec<RecordId> {
        self.marks.0.iter().filter_map(|(_, frame)| self.id_of(*frame)).collect()
    }

    /// The message of a frame, where it is in memory.
    pub(super) fn id_of(&self, frame: u32) -> Option<RecordId> {
        let id = self.id_from(frame);
        self.store.get(id).filter(|record| record.frame == frame).map(|_| id)
    }
}
