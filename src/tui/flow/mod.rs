//! The flow: the messages as a ladder, in the place of their list. Only the rows of the pane are ever made.

mod draw;

use super::action::{FlowAction, Motion, View};
use super::app::App;
use crate::coap::{Parameters, count};
use crate::render::Aliases;
use crate::render::ladder::text::{TextForm, widest_time};
use crate::render::ladder::{ASCII, Signs, UNICODE};
use crate::render::ladder::{Columns, Entry, Idle, Item, Ladder, Line, Needs, Ports, Scope, Slant, Source, slants};
use crate::render::paint::Paint;
use crate::render::time::TimeFormat;
use crate::tracking::RecordId;

pub use draw::draw;

/// Lines behind the pane that are looked at for late messages, whose slants begin on it.
const AHEAD: usize = 8;
/// Rows that a motion goes one by one; farther ones go by messages.
const FAR: usize = 1024;
/// Columns from which times have microseconds.
const WIDE: usize = 104;

/// The state of the ladder.
#[derive(Debug, Default)]
pub struct Flow {
    /// What is shown, and how.
    pub ladder: Ladder,
    /// The schedule that copies are held against.
    pub parameters: Parameters,
    /// Rows and columns of the pane.
    pub page: (usize, usize),
    /// The lines of the pane.
    pub entries: Vec<Entry>,
    /// The slants on each of them.
    pub slants: Vec<Vec<Slant>>,
    /// Where their columns are.
    pub columns: Columns,
    /// The row that holds the selected message.
    pub item: Option<Item>,
    /// Folded rows of the pane with a message in them that the user marked.
    pub marked: Vec<(Item, RecordId)>,
    ports: Ports,
    top: Option<RecordId>,
    first_lane: usize,
    /// The lane of the selected message was hidden by its key, which told of it.
    just_hidden: bool,
    /// The message for which the lanes were scrolled last.
    scrolled_for: Option<RecordId>,
}

/// All that it takes to write the ladder as text.
#[derive(Debug)]
pub(super) struct AsText {
    idle: Idle,
    blocks_unfolded: bool,
    ports: Ports,
    /// Columns of a line.
    width: usize,
    signs: &'static Signs,
    times: TimeFormat,
    left_out: Option<String>,
    pub(super) aliases: Aliases,
    pub(super) parameters: Parameters,
    /// Nothing more comes.
    pub(super) ended: bool,
}

impl AsText {
    /// Columns of a line at least: those that `flow` has where nobody says how many.
    const LEAST: usize = 100;

    /// Fold what is folded on the screen.
    pub(super) fn set(&self, ladder: &mut Ladder) {
        ladder.fold_blocks(!self.blocks_unfolded);
        ladder.idle = self.idle;
    }

    /// How it is written.
    pub(super) fn form(&self) -> TextForm<'_> {
        let Self { width, signs, times, ports, .. } = *self;
        let left_out = self.left_out.as_deref();
        TextForm { width, signs, paint: Paint(false), times, ports, limit: usize::MAX, left_out }
    }
}

impl Flow {
    /// A ladder that judges by this schedule.
    pub fn new(parameters: Parameters) -> Self {
        Self { parameters, ..Self::default() }
    }
}

impl App {
    /// Make the lines of the pane. The selection is that of the list.
    pub(super) fn prepare_flow(&mut self) {
        let range = self.shown();
        let ended = !self.grows();
        let needs = self.flow_needs();
        let marked = self.marked_messages();
        let App { flow, store, fetcher, list, notice, .. } = self;
        flow.entries.clear();
        flow.marked.clear();
        flow.slants.clear();
        flow.item = None;
        let Some(selected) = list.selected.filter(|_| flow.page.0 > 0) else { return };
        flow.ladder.filter(list.chosen.as_ref(), store);
        if !flow.ladder.includes(selected) {
            flow.ladder.set_scope(Scope::All, store);
        }
        let parameters = flow.parameters;
        let source = &mut Source { store, fetcher, parameters: &parameters, ended };
        flow.merge_lanes(needs);
        let item = flow.ladder.item(source, selected, &range);
        flow.arrange_lanes(source, item, needs);
        let Some(item) = item else { return };
        flow.item = Some(item);
        if !item.holds(selected) {
            // Its lane is hidden: what is selected is what the cursor stands on.
            list.selected = Some(item.first);
            let frame = |id| store.get(id).map_or(0, |record| record.frame);
            let (hidden, shown) = (frame(selected), frame(item.first));
            if !(list.follow || flow.just_hidden) {
                let before = notice.take().map(|notice| format!("{notice}; ")).unwrap_or_default();
                *notice =
                    Some(format!("{before}#{hidden} is on a hidden lane, so #{shown} is selected; A shows all lanes"));
            }
        }
        flow.just_hidden = false;
        let rows = flow.page.0;
        let top = flow.top.filter(|top| *top <= item.first && range.contains(top)).unwrap_or(item.first);
        let from = flow.ladder.item(source, top, &range).unwrap_or(item);
        flow.entries = flow.ladder.page(source, from, &range, rows + AHEAD);
        let place = own_line(&flow.entries, item);
        if place.is_none_or(|place| place >= rows) {
            flow.fill_up_to(source, item, &range);
        } else if flow.entries.len() < rows {
            let last = flow.ladder.item(source, range.end.saturating_sub(1), &range).unwrap_or(item);
            flow.fill_up_to(source, last, &range);
        }
        // A pause that is drawn to scale may be longer than the pane.
        while own_line(&flow.entries, item).is_some_and(|place| place >= rows) {
            flow.entries.remove(0);
        }
        flow.top = flow.entries.first().map(|entry| entry.item.first);
        flow.slants = slants(&flow.entries, &flow.ladder.lanes, store);
        flow.entries.truncate(rows);
        for id in marked {
            let may_hold = |entry: &Entry| entry.item.is_fold() && entry.item.holds(id);
            if flow.entries.iter().any(may_hold) {
                flow.marked.extend(flow.ladder.item(source, id, &range).map(|item| (item, id)));
            }
        }
    }

    /// The ladder, to be written as text.
    pub(super) fn flow_as_text(&self) -> AsText {
        let Flow { ladder, ports, page, parameters, .. } = &self.flow;
        AsText {
            idle: ladder.idle,
            blocks_unfolded: ladder.blocks_unfolded,
            ports: *ports,
            width: page.1.max(AsText::LEAST),
            signs: if self.theme.unicode { &UNICODE } else { &ASCII },
            times: self.times.format,
            left_out: self.left_out(),
            aliases: self.aliases.clone(),
            parameters: *parameters,
            ended: !self.grows(),
        }
    }

    fn flow_needs(&self) -> Needs {
        let last = self.shown().end.checked_sub(1).and_then(|id| self.store.get(id));
        let digits = |number: u64| number.to_string().len();
        let (times, format) = (self.flow.ladder.times(), self.times.format);
        let time = widest_time(times, format, self.first_time(), self.flow.page.1 < WIDE);
        Needs {
            number: last.map_or(0, |last| digits(u64::from(last.frame))).max(2),
            time: time.max(7).max(self.since_head().map_or(0, |head| head.len())),
            exchange: digits(self.store.summary().counters.exchanges),
            cursor: 1,
        }
    }

    /// Move in the ladder: from row to row, or from lane to lane.
    pub(super) fn move_in_flow(&mut self, motion: Motion, times: usize) {
        let page = self.flow.page.0.max(2);
        let is_whole = *self.flow.ladder.scope() == Scope::All;
        let (down, steps) = match motion {
            Motion::Down => (true, times),
            Motion::Up => (false, times),
            Motion::PageDown => (true, times.saturating_mul(page - 1)),
            Motion::PageUp => (false, times.saturating_mul(page - 1)),
            Motion::HalfDown => (true, times.saturating_mul(page / 2)),
            Motion::HalfUp => (false, times.saturating_mul(page / 2)),
            Motion::Left | Motion::Right => return self.scroll_lanes(motion == Motion::Right, times),
            Motion::First | Motion::Last if is_whole => return self.move_in_list(motion, times),
            Motion::First | Motion::Last => return self.select_far(motion == Motion::Last, usize::MAX),
        };
        if steps > FAR {
            return if is_whole { self.move_in_list(motion, times) } else { self.select_far(down, steps) };
        }
        let range = self.shown();
        let ended = !self.grows();
        let App { flow, store, fetcher, list, .. } = self;
        let Some(selected) = list.selected else { return };
        let parameters = flow.parameters;
        let source = &mut Source { store, fetcher, parameters: &parameters, ended };
        let Some(mut item) = flow.ladder.item(source, selected, &range) else { return };
        let own = item;
        for _ in 0..steps {
            let next =
                if down { flow.ladder.next(source, item, &range) } else { flow.ladder.previous(source, item, &range) };
            match next {
                Some(next) => item = next,
                None => break,
            }
        }
        // Where it goes no farther the selected message stays, which may be another one of that row.
        if item != own || !own.holds(selected) {
            self.select(item.first);
        }
    }

    /// The message so many rows on of those that have one, or the last there is in that direction.
    fn select_far(&mut self, down: bool, rows: usize) {
        let Some(selected) = self.list.selected else { return };
        let (ladder, store, shown) = (&self.flow.ladder, &self.store, self.shown());
        let has_row = |id: &RecordId| ladder.shows(store, *id);
        let far = if down {
            (selected.saturating_add(1)..shown.end).filter(has_row).take(rows).last()
        } else {
            (shown.start..selected).rev().filter(has_row).take(rows).last()
        };
        if let Some(id) = far {
            self.select(id);
        }
    }

    fn scroll_lanes(&mut self, right: bool, by: usize) {
        let (left_of, right_of) = self.flow.columns.beyond;
        let moved = if right { by.min(right_of) } else { by.min(left_of) };
        if moved == 0 {
            return self.say(if right { "no lane farther to the right" } else { "no lane farther to the left" });
        }
        self.flow.first_lane = if right { left_of + moved } else { left_of - moved };
    }

    /// Do what a key of the ladder asks.
    pub(super) fn act_in_flow(&mut self, action: FlowAction) {
        match action {
            FlowAction::Ports => self.merge_ports(),
            FlowAction::Hide => self.hide_lane(),
            FlowAction::ShowLanes => {
                self.flow.ladder.lanes.show_all();
                self.flow.ladder.lanes_changed();
                self.say("all lanes are shown");
            }
            FlowAction::Idle => {
                let drawn = self.flow.ladder.idle == Idle::Folded;
                self.flow.ladder.idle = if drawn { Idle::Drawn } else { Idle::Folded };
                self.say(if drawn { "pauses are drawn to scale" } else { "pauses of 10 s and more are one row" });
            }
            FlowAction::Blocks => {
                let folded = self.flow.ladder.blocks_unfolded;
                self.flow.ladder.fold_blocks(folded);
                self.say(if folded { "block transfers are one row" } else { "every block has its rows" });
            }
            FlowAction::Fold(folded) => {
                self.flow.ladder.fold_blocks(folded);
                self.flow.ladder.idle = if folded { Idle::Folded } else { Idle::Drawn };
                self.say(if folded { "all is folded" } else { "all is unfolded" });
            }
            FlowAction::Scope => self.toggle_scope(),
        }
    }

    fn merge_ports(&mut self) {
        let lanes = &mut self.flow.ladder.lanes;
        let (apart, merged) = lanes.counts();
        if apart == merged {
            return self.say("every host here has one port: there is nothing to merge");
        }
        self.flow.ports = if lanes.by_host { Ports::Apart } else { Ports::Merged };
        self.flow.scrolled_for = None;
        self.flow.ladder.lanes_changed();
        let text = if self.flow.ports == Ports::Merged {
            format!("one lane a host: {merged}; P parts the ports")
        } else {
            format!("one lane an endpoint: {apart}; P merges the ports of a host")
        };
        self.say(text);
    }

    /// Hide the lane that the selected message comes from, with all its messages.
    fn hide_lane(&mut self) {
        if self.flow.item.is_none() && self.flow.ladder.lanes.any_hidden() {
            return self.say("no row is left; A shows all lanes");
        }
        let record = self.list.selected.and_then(|id| self.store.get(id));
        let Some((from, _)) = record.and_then(|record| self.flow.ladder.lanes.ends(&self.store, &record)) else {
            return;
        };
        let name = self.flow.ladder.lanes.get(from).map(|lane| self.aliases.name(lane.first).to_owned());
        if self.flow.ladder.lanes.hide(from) {
            self.flow.just_hidden = true;
            self.flow.ladder.lanes_changed();
            self.say(format!("{} and its messages are hidden; A shows them again", name.unwrap_or_default()));
        } else {
            self.say("two lanes are the least");
        }
    }

    /// The exchange of the selected message alone, or all messages again.
    fn toggle_scope(&mut self) {
        self.flow.scrolled_for = None;
        if *self.flow.ladder.scope() != Scope::All {
            self.flow.ladder.set_scope(Scope::All, &self.store);
            return self.say("all messages again");
        }
        let selected = self.list.selected.and_then(|id| self.store.get(id));
        let about = selected.and_then(|record| self.store.get(record.relates_to));
        let exchange = [selected, about].into_iter().flatten().map(|record| record.exchange).find(|id| id.0 != 0);
        let Some(exchange) = exchange.filter(|id| self.store.exchange(*id).is_some()) else {
            return self.say("this message belongs to no exchange");
        };
        self.stop_following();
        self.flow.ladder.set_scope(Scope::Exchange(exchange), &self.store);
        self.say(format!("only exchange {}; = or Esc shows all again", exchange.0));
    }

    /// What the ladder shows, where that is not all, for the title.
    pub fn scope(&self) -> Vec<String> {
        if self.view != View::Flow {
            return Vec::new();
        }
        let exchange = match *self.flow.ladder.scope() {
            Scope::Exchange(exchange) => Some(format!("only exchange {}", exchange.0)),
            _ => None,
        };
        let hidden = Some(self.flow.ladder.lanes.hidden()).filter(|hidden| *hidden > 0);
        exchange.into_iter().chain(hidden.map(|hidden| format!("{} hidden", count(hidden, "lane")))).collect()
    }

    /// Every message that would have a row is from or to a hidden lane.
    pub(super) fn hides_all_rows(&self) -> bool {
        self.view == View::Flow && self.list.selected.is_some() && self.flow.ladder.lanes.any_hidden()
    }

    /// What of the messages is left out because its lanes are hidden, in a sentence.
    fn left_out(&self) -> Option<String> {
        let hidden = self.flow.ladder.lanes.all().iter().filter(|lane| lane.hidden);
        let hidden: Vec<&str> = hidden.map(|lane| self.aliases.name(lane.first)).collect();
        match hidden.as_slice() {
            [] => None,
            [one] => Some(format!("without {one}, whose lane was hidden, and its messages")),
            several => Some(format!("without {}, whose lanes were hidden, and their messages", several.join(", "))),
        }
    }

    /// Enter: a fold opens; false where there is none to open.
    pub(super) fn open_fold(&mut self) -> bool {
        let Some(item) = self.flow.item.filter(|item| item.is_fold()) else { return false };
        self.flow.ladder.open(item);
        self.say("unfolded; Esc folds again");
        true
    }

    /// A jump leads to this message: where it is folded, its fold opens, so that it is seen.
    pub(super) fn unfold_for(&mut self, id: RecordId) {
        if self.view != View::Flow {
            return;
        }
        let (range, ended) = (self.shown(), !self.grows());
        let App { flow, store, fetcher, .. } = self;
        let parameters = flow.parameters;
        let source = &mut Source { store, fetcher, parameters: &parameters, ended };
        let Some(item) = flow.ladder.item(source, id, &range).filter(|item| item.is_fold() && item.holds(id)) else {
            return;
        };
        flow.ladder.open(item);
        self.say("unfolded; Esc folds again");
    }

    /// What is said of the marked row where it is a fold: how many messages it stands for, what it hides, which one the tree shows.
    pub fn folded(&self) -> Option<String> {
        let item = self.flow.item.filter(|item| item.is_fold() && self.view == View::Flow)?;
        let run = self.flow.ladder.run(item)?;
        let frame = |id| self.store.get(id).map_or(0, |record| record.frame);
        let (first, last) = (frame(item.first), frame(item.last));
        let hidden = run.hidden.words();
        let hidden = if hidden.is_empty() { hidden } else { format!(" ({hidden})") };
        let (messages, selected) = (count(run.messages, "message"), frame(self.list.selected?));
        Some(format!("Enter unfolds {messages}, #{first} to #{last}{hidden}. Below is #{selected}"))
    }

    /// Esc: what was opened closes, then the scope widens; false where neither is.
    pub(super) fn leave_flow(&mut self) -> bool {
        if self.flow.ladder.close() {
            self.say("folded again");
            return true;
        }
        if *self.flow.ladder.scope() != Scope::All {
            self.toggle_scope();
            return true;
        }
        false
    }
}

impl Flow {
    /// The first lane shown.
    pub(super) fn first_lane(&self) -> usize {
        self.first_lane
    }

    /// Merge lanes as asked: which of them are hidden, and so which messages have rows, is known then.
    fn merge_lanes(&mut self, needs: Needs) {
        let bare = Columns::new(self.page.1, needs, &self.ladder.lanes, 0);
        self.ladder.lanes.arrange(self.ports, Columns::room(bare.lanes.1));
    }

    /// Share the columns among the lanes, and scroll so that the selected message's lanes are seen.
    fn arrange_lanes(&mut self, source: &Source<'_>, item: Option<Item>, needs: Needs) {
        let width = self.page.1;
        let columns = Columns::new(width, needs, &self.ladder.lanes, self.first_lane);
        self.first_lane = columns.beyond.0;
        let message = item.map(|item| item.first);
        let ends = message
            .and_then(|id| source.store.get(id))
            .and_then(|record| self.ladder.lanes.ends(source.store, &record));
        let seen = |lane| columns.column(lane).is_some();
        if self.scrolled_for != message
            && let Some((from, to)) = ends
            && (!seen(from) || !seen(to))
        {
            let place = |lane| self.ladder.lanes.all().iter().take(lane).filter(|lane| !lane.hidden).count();
            let (low, high) = (place(from).min(place(to)), place(from).max(place(to)));
            let count = columns.shown.len();
            let apart = high - low >= count;
            // Of two lanes that do not fit together, the one that came later tells more: the other is mostly who talks to all.
            if !apart && low < columns.beyond.0 {
                self.first_lane = low;
            } else if !(apart && seen(from.max(to))) {
                self.first_lane = (high + 1).saturating_sub(count);
            }
        }
        self.scrolled_for = message;
        self.columns = Columns::new(width, needs, &self.ladder.lanes, self.first_lane);
        self.first_lane = self.columns.beyond.0;
    }

    /// Lines that end with an item's, as many as the pane has, and some behind them.
    fn fill_up_to(&mut self, source: &mut Source<'_>, item: Item, range: &std::ops::Range<RecordId>) {
        let rows = self.page.0;
        let mut from = item;
        let mut lines = 0;
        loop {
            let previous = self.ladder.previous(source, from, range);
            lines += self.ladder.lines(source, from, previous).len();
            match previous.filter(|_| lines < rows) {
                Some(previous) => from = previous,
                None => break,
            }
        }
        self.entries = self.ladder.page(source, from, range, lines + AHEAD);
        self.entries.drain(..lines.saturating_sub(rows).min(self.entries.len()));
    }
}

/// The line that an item has besides the pauses before it.
fn own_line(entries: &[Entry], item: Item) -> Option<usize> {
    entries.iter().position(|entry| entry.item == item && matches!(entry.line, Line::Message(_) | Line::Fold(_)))
}
