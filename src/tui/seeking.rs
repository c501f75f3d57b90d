//! Finding asked for and answered: what is looked through, where it was found, and what was not.

use super::action::View;
use super::app::App;
use super::find::{self, Course, Found};
use crate::render::time::TimeFormat;

impl App {
    /// Look for the text behind the selected message, or before it.
    pub(super) fn find(&mut self, backwards: bool) {
        let shown = self.shown();
        let Some(from) = self.list.selected else {
            self.say("no message is shown: nothing to look through");
            return;
        };
        if self.finder.text.is_empty() {
            self.say("nothing to find yet: C-f asks for a text");
            return;
        }
        // In a table of findings one goes from row to row; what only messages show is looked for where no row does.
        if self.view == View::Findings
            && let Some(is_past_end) = self.find_in_findings(&self.finder.text.clone(), backwards)
        {
            self.finder.stop();
            let round = if is_past_end { ", past the end" } else { "" };
            return self.say(format!("found \"{}\"{round}; n N go on", self.finder.text));
        }
        let course = Course { from, first: shown.start, end: shown.end, backwards };
        let format = match self.times.format {
            // Tables tell them since the start.
            TimeFormat::Delta if self.view.is_table() => TimeFormat::Relative,
            format => format,
        };
        let shown = find::Shown {
            view: self.view,
            chosen: self.list.chosen.clone(),
            aliases: self.aliases.clone(),
            format,
            first: self.first_time(),
            now: self.now(),
            parameters: self.tables.parameters,
        };
        let (store, fetcher, events) = (self.store.clone(), (self.make_fetcher)(), self.events.clone());
        match self.finder.start(store, fetcher, course, shown, events) {
            Ok(()) => self.notice = None,
            Err(error) => self.say(format!("cannot search: {error}")),
        }
    }

    /// A worker answers.
    pub fn found(&mut self, found: &Found) {
        if !self.finder.expects(found) {
            return;
        }
        self.finder.stop();
        match found.id {
            Some(id) => {
                self.jump_to(id);
                let round = if found.wrapped { ", past the end" } else { "" };
                self.follow_to_row();
                let missing = self.unmarked().or_else(|| self.rowless(id));
                let missing = missing.map(|why| format!("; {why}")).unwrap_or_default();
                self.say(format!("found \"{}\"{round}; n N go on{missing}", self.finder.text));
            }
            None => self.say(self.not_found(found)),
        }
    }

    /// What was looked through in vain, and what was not.
    fn not_found(&self, found: &Found) -> String {
        let text = &self.finder.text;
        if let Some(hidden) = found.hidden.and_then(|id| self.store.get(id)) {
            return format!("the filter hides #{}, which shows \"{text}\"; nothing that passes it does", hidden.frame);
        }
        let is_table = self.view.is_table();
        let what = if is_table { "no row here and no message" } else { "no message" };
        let read = found.failure.as_ref().map_or("", |_| " that could be read");
        let why = found.failure.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let rest = if is_table { "; what is said below the rows is not searched" } else { "" };
        format!("{what}{read} shows \"{text}\"{why}{rest}")
    }
}
