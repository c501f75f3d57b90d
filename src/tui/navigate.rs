//! In and out: from view to view, from pane to pane, and to the end of the program.

use super::action::View;
use super::app::{App, Effect, Overlay, Pane};
use crate::render::ladder::Scope;
use crate::tracking::NO_RECORD;

impl App {
    pub(super) fn go_in(&mut self) {
        match (self.focus, self.view) {
            (Pane::List, View::Flow) if self.open_fold() => return,
            (_, View::Exchanges | View::Observations | View::Findings) if self.refuse_unmarked() => return,
            (_, View::Exchanges | View::Observations | View::Findings) => return self.go_into_messages(),
            _ => {}
        }
        match self.focus {
            Pane::List if self.list.selected.is_some() => self.focus = Pane::Tree,
            Pane::List => {}
            Pane::Bytes => self.say("these are the bytes; Esc leads out"),
            Pane::Tree => {
                let Some(item) = self.detail.item() else { return };
                if let Some(target) =
                    item.target.filter(|target| *target != NO_RECORD && Some(*target) != self.list.selected)
                {
                    return self.jump_to(target);
                }
                match (item.has_children(self.detail.cursor), item.open) {
                    (true, open) => self.detail.fold(!open),
                    (false, _) => self.focus = Pane::Bytes,
                }
            }
        }
    }

    pub(super) fn go_out(&mut self) {
        if matches!(self.overlay, Overlay::None) && self.compared.take().is_some() {
            return;
        }
        match (matches!(self.overlay, Overlay::None), self.focus) {
            (true, Pane::Bytes) => self.focus = Pane::Tree,
            (true, Pane::Tree) => self.focus = Pane::List,
            (true, Pane::List) if self.finder.running => {
                self.finder.stop();
                self.say("search stopped");
            }
            (true, Pane::List) if self.drop_pick() => {}
            (true, Pane::List) if std::mem::take(&mut self.zoomed) => {}
            (true, Pane::List) if self.leave_scope() => {}
            (true, Pane::List) if self.go_back() => {}
            (true, Pane::List) => {
                let gone = self.clear_filter();
                self.say(if gone {
                    "the filter is gone; / Up brings it back"
                } else {
                    "nothing to leave here; q ends"
                });
            }
            _ => self.overlay = Overlay::None,
        }
    }

    /// Nothing is to be left but the program.
    pub(super) fn is_at_top(&self) -> bool {
        matches!(self.overlay, Overlay::None)
            && self.compared.is_none()
            && self.focus == Pane::List
            && self.before.is_empty()
    }

    pub(super) fn leave(&mut self) -> Effect {
        if self.is_at_top() {
            if self.saving.is_some() {
                self.say("a file is still being written; C-c ends all the same, and takes it back");
                return Effect::None;
            }
            if self.would_lose().is_some() {
                self.overlay = Overlay::Confirm;
                return Effect::None;
            }
            return Effect::Quit;
        }
        self.go_out();
        Effect::None
    }

    /// Show a view; where one came from stays a step away.
    pub(super) fn show(&mut self, view: View) {
        self.focus = Pane::List;
        self.findings.judging.again();
        if view == self.view {
            return;
        }
        self.before.retain(|other| *other != view && *other != self.view);
        if view == View::Messages {
            self.before.clear();
        } else {
            self.before.push(self.view);
        }
        self.view = view;
        self.tables.entered();
        self.findings.entered();
        self.say_scope();
    }

    /// The ladder that was entered still shows one exchange alone.
    fn say_scope(&mut self) {
        if self.view == View::Flow
            && let Scope::Exchange(exchange) = *self.flow.ladder.scope()
            && self.list.selected.is_some_and(|selected| self.flow.ladder.includes(selected))
        {
            self.say(format!("only exchange {} is shown; = or Esc shows all again", exchange.0));
        }
    }

    /// To the ladder, or from it back to where one was.
    pub(super) fn toggle_flow(&mut self) {
        if self.view != View::Flow {
            self.stay_at_row();
            self.show(View::Flow);
        } else if !self.go_back() {
            self.show(View::Messages);
        }
    }

    /// The messages, on the selected one; Esc goes back.
    pub(super) fn go_into_messages(&mut self) {
        self.stay_at_row();
        self.before.push(self.view);
        self.view = View::Messages;
        self.focus = Pane::List;
    }

    /// The message of the marked row stays selected, although newer ones come.
    fn stay_at_row(&mut self) {
        let visible = self.visible();
        if self.list.selected != visible.len().checked_sub(1).and_then(|row| visible.at(row)) {
            self.stop_following();
        }
    }

    /// To the view before; false where there is none.
    pub(super) fn go_back(&mut self) -> bool {
        let Some(view) = self.before.pop() else { return false };
        self.view = view;
        self.focus = Pane::List;
        self.tables.entered();
        self.findings.entered();
        self.say_scope();
        true
    }

    /// What was opened in the ladder closes; false where nothing was.
    pub(super) fn leave_scope(&mut self) -> bool {
        self.view == View::Flow && self.leave_flow()
    }

    pub(super) fn turn(&mut self, by: usize) {
        if self.view.is_table() {
            self.focus = if self.focus == Pane::List { Pane::Tree } else { Pane::List };
            if self.focus == Pane::Tree {
                self.tables.facts.go_to(self.list.selected);
                self.tables.facts.seeks = true;
            }
            return;
        }
        const PANES: [Pane; 3] = [Pane::List, Pane::Tree, Pane::Bytes];
        let here = PANES.iter().position(|pane| *pane == self.focus).unwrap_or(0);
        self.focus = PANES.get((here + by) % PANES.len()).copied().unwrap_or_default();
    }
}
