//! Moving the cursor of whichever pane has the focus, and sharing the screen; where a key leads nowhere, that is said.

use super::action::{Motion, View};
use super::app::{App, Overlay, Pane};

impl App {
    /// Move so many times, or say why nothing moved; to either end with a count is to the message of that number.
    pub(super) fn motion(&mut self, motion: Motion, count: Option<usize>) {
        let (before, from) = (self.position(), self.list.selected);
        match (count, motion, &mut self.overlay) {
            (Some(number), Motion::First | Motion::Last, Overlay::Help(top)) => {
                *top = number.saturating_sub(1).min(self.help_page.1.saturating_sub(self.help_page.0));
            }
            (Some(number), Motion::First | Motion::Last, _) => match &mut self.compared {
                Some(compared) => compared.scroll(number.saturating_sub(1)),
                None => return self.go_to_frame(number as u64),
            },
            _ => self.go(motion, count.unwrap_or(1)),
        }
        if matches!(motion, Motion::First | Motion::Last) && from != self.list.selected {
            self.list.before = from;
        }
        if self.notice.is_none() && self.position() == before {
            let end = self.end_of_pane(motion);
            self.say(end);
        }
    }

    fn go(&mut self, motion: Motion, times: usize) {
        if let Overlay::Help(top) = &mut self.overlay {
            let (page, rows) = self.help_page;
            let by = steps(motion, times, page.max(2) as isize, rows as isize);
            *top = top.saturating_add_signed(by).min(rows.saturating_sub(page));
            return;
        }
        if let Some(compared) = &mut self.compared {
            let (page, rows) = compared.page;
            let by = steps(motion, times, page.max(2) as isize, rows as isize);
            return compared.scroll(compared.top.saturating_add_signed(by));
        }
        match self.focus {
            Pane::List if self.view == View::Flow => self.move_in_flow(motion, times),
            Pane::List if self.view == View::Findings => self.move_in_findings(motion, times),
            Pane::List if self.view.is_table() => self.move_in_table(motion, times),
            Pane::Tree if self.view.is_table() => self.move_in_facts(motion, times),
            Pane::List => self.move_in_list(motion, times),
            Pane::Tree => match motion {
                Motion::Left | Motion::Right => self.fold_or_unfold(motion == Motion::Right, times),
                _ => {
                    let (page, lines) = (self.detail.page as isize, self.detail.visible.len() as isize);
                    self.detail.step(steps(motion, times, page, lines));
                }
            },
            Pane::Bytes if matches!(motion, Motion::Left | Motion::Right) => {
                // The first step may only narrow what is selected.
                let one = if motion == Motion::Left { -1 } else { 1 };
                self.detail.move_byte(one);
                if let Ok(rest @ 1..) = isize::try_from(times.saturating_sub(1)) {
                    self.detail.move_byte(one * rest);
                }
            }
            Pane::Bytes => {
                let (rows, per_row) = (self.detail.byte_page.0 as isize, self.detail.byte_page.1 as isize);
                let rows = steps(motion, times, rows.max(2), self.detail.bytes().len() as isize);
                self.detail.move_byte(rows.saturating_mul(per_row));
            }
        }
    }

    /// Fold or unfold so many times, or go out or in, as far as that leads.
    fn fold_or_unfold(&mut self, unfold: bool, times: usize) {
        for time in 0..times {
            let done = if unfold { self.detail.right() } else { self.detail.left() };
            match (done, unfold) {
                (true, _) => continue,
                (false, _) if time > 0 => {}
                (false, true) => self.say("nothing to unfold here; Enter leads on"),
                (false, false) => self.say("nothing to fold here"),
            }
            return;
        }
    }

    /// What a motion changes.
    fn position(&self) -> impl PartialEq + use<> {
        let help = if let Overlay::Help(top) = self.overlay { top } else { 0 };
        let detail = (self.detail.cursor, self.detail.byte, self.detail.visible.len());
        let table = (self.tables.place(self.view), self.findings.marked_key(), self.tables.facts.cursor);
        let list = (self.list.selected, self.list.follow, self.is_frozen());
        let help = (help, self.compared.as_ref().map(|compared| compared.top));
        (help, detail, table, list, self.flow.first_lane())
    }

    /// Where the cursor stands, so that it goes no farther.
    fn end_of_pane(&self, motion: Motion) -> String {
        let below = !matches!(motion, Motion::Up | Motion::PageUp | Motion::HalfUp | Motion::First | Motion::Left);
        let what = match (&self.overlay, self.focus) {
            (Overlay::Help(_), _) => "row of the help",
            (Overlay::None, _) if self.compared.is_some() => "row that is shown",
            (_, Pane::List) if self.list.selected.is_none() => return "no message is shown".into(),
            (_, Pane::List) => "row",
            (_, Pane::Tree) => "line",
            (_, Pane::Bytes) => "byte",
        };
        let so_far = if below && self.focus == Pane::List && self.grows() { " so far" } else { "" };
        format!("this is the {} {what}{so_far}", if below { "last" } else { "first" })
    }

    /// More rows for the list, or fewer, where it shares the screen.
    pub(super) fn share(&mut self, by: i16) {
        let below = self.detail.page.max(self.detail.byte_page.0);
        if self.list.page == 0 || below == 0 {
            return self.say("one pane is shown: nothing to share with another");
        }
        let (shift, limits) = self.shared;
        match (by > 0, limits) {
            (true, (_, 0)) => self.say("the list has as many rows as there can be; - takes some"),
            (false, (0, _)) => self.say("the list has as few rows as there can be; + gives some"),
            _ => self.shift = shift.saturating_add(by),
        }
    }

    /// The focused pane alone, or all again.
    pub(super) fn zoom(&mut self) {
        let alone = [self.list.page, self.detail.page, self.detail.byte_page.0];
        if !self.zoomed && alone.iter().filter(|rows| **rows > 0).count() < 2 {
            return self.say("one pane is shown already: the screen has too few rows for more");
        }
        self.zoomed = !self.zoomed;
    }

    /// Fold or unfold all of the tree.
    pub(super) fn fold_all(&mut self, open: bool) {
        let before = self.detail.visible.len();
        self.detail.fold_all(open);
        if self.detail.visible.len() == before {
            self.say(if open { "all of the tree is unfolded" } else { "all of the tree is folded" });
        } else if self.detail.page == 0 {
            self.say(if open {
                "the tree is unfolded; Tab leads to it"
            } else {
                "the tree is folded; Tab leads to it"
            });
        }
    }

    /// A view was asked for by its key.
    pub(super) fn ask_for(&mut self, view: View) {
        if view == self.view && self.focus == Pane::List {
            if view == View::Findings && self.findings.judging.failure().is_some() {
                return self.findings.judging.again();
            }
            return self.say("this view is shown already");
        }
        self.show(view);
    }
}

/// Rows that a motion goes so many times, on a pane of `page` rows over `all`.
fn steps(motion: Motion, times: usize, page: isize, all: isize) -> isize {
    let times = isize::try_from(times).unwrap_or(isize::MAX);
    times.saturating_mul(match motion {
        Motion::Down => 1,
        Motion::Up => -1,
        Motion::PageDown => (page - 1).max(1),
        Motion::PageUp => -(page - 1).max(1),
        Motion::HalfDown => (page / 2).max(1),
        Motion::HalfUp => -(page / 2).max(1),
        Motion::First => -all,
        Motion::Last => all,
        Motion::Left | Motion::Right => 0,
    })
}
