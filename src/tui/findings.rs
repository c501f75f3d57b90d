//! The findings of the capture as a table, the worst first; below it the verdict on the endpoint of the current one.

use std::borrow::Cow;

use ratatui::style::Style;

use super::action::{Motion, View};
use super::app::{App, Pane};
use super::detail::scrolled;
use super::judging::Judging;
use super::tables::{Facts, Line, Row};
use crate::coap::{Finding, Rule, escape};
use crate::field;
use crate::render::verdict::{self, Page, Part, Person, Sum, SumKey, is_of_sender};
use crate::store::Store;
use crate::tracking::{EndpointId, RecordId, Relation, ResourceId};

/// Heads of the columns; whether they stand on the right; when they are given up.
pub const HEADS: &[(&str, bool, u8)] = &[
    ("Severity", false, 0),
    ("Finding", false, 0),
    ("Count", true, 0),
    ("First", true, 1),
    ("Sender", false, 0),
    ("Its doing", false, 2),
    ("Resource", false, 3),
];

/// Columns below which senders are called by the names that the other views have for them.
const NARROW: usize = 72;

/// The view.
#[derive(Debug, Default)]
pub struct Findings {
    /// How they are looked for.
    pub(super) judging: Judging,
    /// A row each, the worst first.
    pub(super) rows: Vec<Sum>,
    /// What endpoints did, by their numbers.
    pub(super) parts: Vec<Part>,
    /// What the marked row is about.
    current: Option<SumKey>,
    /// The endpoint of the marked row, with its cases.
    pub(super) verdict: Option<Person>,
    /// The selected message for which the current row was looked up.
    pub(super) synced: Option<RecordId>,
    place: usize,
    top: usize,
}

impl Findings {
    /// A worker looks for findings.
    pub(super) fn is_running(&self) -> bool {
        self.judging.running
    }

    /// The worst first.
    pub(super) fn put_in_order(&mut self) {
        self.rows.sort_unstable_by_key(|row| {
            let SumKey { endpoint, rule, severity, its_doing } = row.key;
            (std::cmp::Reverse((severity, its_doing, row.count)), rule, endpoint)
        });
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// What the marked row is about.
    pub(super) fn marked_key(&self) -> Option<SumKey> {
        self.current
    }

    /// The view was entered: the current row follows the selected message.
    pub(super) fn entered(&mut self) {
        self.synced = None;
    }
}

impl App {
    /// Make the rows of the pane and the verdict below.
    pub(super) fn prepare_findings(&mut self) {
        self.look_for_findings();
        self.follow_to_finding();
        let findings = &mut self.findings;
        let count = findings.rows.len();
        let own = findings.current.and_then(|key| findings.rows.iter().position(|row| row.key == key));
        findings.place = own.unwrap_or(findings.place).min(count.saturating_sub(1));
        findings.top = scrolled(findings.top, findings.place, self.list.page, count);
        let (place, top) = (findings.place, findings.top);
        let store = &self.store;
        let rows = self.findings.rows.iter().skip(top).take(self.list.page);
        let narrow = self.flow.page.1 < NARROW;
        let sender = |id: EndpointId| match store.endpoint(id) {
            _ if narrow => self.aliases.name(id).to_owned(),
            Some(endpoint) => endpoint.to_string(),
            None => "?".into(),
        };
        self.tables.rows = rows.map(|row| cells(store, row, sender(row.key.endpoint))).collect();
        self.tables.cursor = own.map(|_| place - top);
        self.say_verdict();
    }

    /// The marked row is that of a finding of the selected message, or none. While the newest message is followed, the row that was marked last
    /// stays, and its message is selected, as long as what comes has no finding.
    pub(super) fn follow_to_finding(&mut self) {
        let selected = self.list.selected;
        if self.findings.synced == selected || self.findings.rows.is_empty() {
            return;
        }
        self.findings.synced = selected;
        let (own, current) = (self.keys_of_selected(), self.findings.current);
        if current.is_some_and(|current| own.contains(&current)) {
            return;
        }
        let mut rows: Vec<SumKey> =
            self.findings.rows.iter().map(|row| row.key).filter(|key| own.contains(key)).collect();
        if self.focus == Pane::Tree {
            // Whoever reads a verdict stays at it, where that is possible.
            rows.sort_by_key(|key| current.is_none_or(|current| current.endpoint != key.endpoint));
        }
        let found = rows.first().copied();
        if found.is_none()
            && self.list.follow
            && let Some(record) = self.message_of_finding()
        {
            (self.list.selected, self.findings.synced) = (Some(record), Some(record));
            return;
        }
        self.findings.current = found;
        if self.focus != Pane::Tree {
            (self.tables.facts.cursor, self.tables.facts.top) = (0, 0);
        }
    }

    /// There are rows, and none is marked.
    pub(super) fn has_unmarked_findings(&self) -> bool {
        self.findings.current.is_none() && !self.findings.rows.is_empty()
    }

    /// The rows that the findings of the selected message stand in.
    fn keys_of_selected(&mut self) -> Vec<SumKey> {
        let Some(id) = self.list.selected else { return Vec::new() };
        let Ok(Some(view)) = self.fetcher.view(&self.store, id) else { return Vec::new() };
        let findings = view.findings();
        let is_copy = view.record.relation() == Relation::CopyOf
            || findings.iter().any(|finding| finding.rule == Rule::NetDuplicate);
        let endpoint = view.record.source;
        let key = |finding: &Finding| {
            let (rule, severity, its_doing) =
                (finding.rule, finding.severity, !is_copy && is_of_sender(finding.rule, finding.severity));
            SumKey { endpoint, rule, severity, its_doing }
        };
        findings.iter().map(key).collect()
    }

    /// Move in the table; the first message of the finding is selected with it.
    pub(super) fn move_in_findings(&mut self, motion: Motion, times: usize) {
        let (count, place, page) = (self.findings.rows.len(), self.findings.place, self.list.page.max(2));
        let Some(target) = motion.row(place, times, page, count).filter(|_| count > 0) else { return };
        // Without a mark the next row is the one that stands there.
        let is_unmarked = motion == Motion::Down && self.findings.current.is_none();
        let target = if is_unmarked { target.saturating_sub(1) } else { target };
        let place = target.min(count.saturating_sub(1));
        let before = self.findings.current;
        // Where it goes no farther the selected message stays, which may be another one of that row.
        if !matches!(motion, Motion::First | Motion::Last)
            && before.is_some()
            && before == self.findings.rows.get(place).map(|row| row.key)
        {
            return;
        }
        self.findings.current = self.findings.rows.get(place).map(|row| row.key);
        let Some(record) = self.message_of_finding() else {
            self.findings.current = before;
            return self.say("no message of that row is here to be selected");
        };
        self.findings.place = place;
        (self.tables.facts.cursor, self.tables.facts.top) = (0, 0);
        self.select(record);
        self.findings.synced = self.list.selected;
    }

    /// What the marked row is about.
    fn marked(&self) -> Option<&Sum> {
        let key = self.findings.current?;
        self.findings.rows.iter().find(|row| row.key == key)
    }

    /// The first message of the marked row that is shown.
    fn message_of_finding(&self) -> Option<RecordId> {
        let visible = self.visible();
        self.marked()?.first.iter().copied().find(|record| visible.has(*record))
    }

    /// To the next row that shows a text, or to the one before; whether the end was passed. None where no row shows it.
    pub(super) fn find_in_findings(&mut self, wanted: &str, backwards: bool) -> Option<bool> {
        let (rows, visible) = (&self.findings.rows, self.visible());
        let marked = self.findings.current.and_then(|key| rows.iter().position(|row| row.key == key));
        let (count, place) = (rows.len(), marked.unwrap_or(self.findings.place));
        let wanted = wanted.to_lowercase();
        // Without a mark the next row is the one that stands there.
        let first = usize::from(backwards || marked.is_some());
        let at = |step: usize| if backwards { (place + count - step) % count } else { (place + step) % count };
        let found = (first..first + count).map(at).find_map(|at| {
            let row = rows.get(at)?;
            let record = row.first.iter().copied().find(|record| visible.has(*record))?;
            self.text_of(row).to_lowercase().contains(&wanted).then_some((at, row.key, record))
        });
        let (at, key, record) = found?;
        let is_past_end = if backwards { at >= place } else { at < place || at == place && first > 0 };
        (self.findings.current, self.findings.place) = (Some(key), at);
        (self.tables.facts.cursor, self.tables.facts.top) = (0, 0);
        self.jump_to(record);
        self.findings.synced = self.list.selected;
        Some(is_past_end)
    }

    /// All rows, senders by their addresses.
    pub(super) fn rows_of_findings(&self) -> Vec<Row> {
        let sender = |id| self.store.endpoint(id).map_or_else(|| "?".into(), ToString::to_string);
        self.findings.rows.iter().map(|row| cells(&self.store, row, sender(row.key.endpoint))).collect()
    }

    /// What a row says, its sender by both of its names.
    fn text_of(&self, row: &Sum) -> String {
        let sender = self.store.endpoint(row.key.endpoint).map(ToString::to_string).unwrap_or_default();
        let mut cells = cells(&self.store, row, sender).cells;
        cells.push(self.aliases.name(row.key.endpoint).into());
        cells.join(" ")
    }

    /// The rule of the current row, in a sentence.
    pub fn said_of_finding(&self) -> Option<(String, Style)> {
        let SumKey { rule, severity, .. } = self.findings.current?;
        let charges = self.findings.verdict.iter().flat_map(|person| person.charges.iter().chain(&person.acquitted));
        let mut own = charges.filter(|charge| (charge.rule, charge.severity) == (rule, severity));
        let cases = own.next().into_iter().flat_map(|charge| &charge.cases);
        let text = format!("{}: {}", rule.id(), verdict::sentences(rule, cases));
        Some((text, self.theme.severity(severity)))
    }

    /// The verdict on the endpoint of the current row.
    fn say_verdict(&mut self) {
        let (cursor, top, page) = (self.tables.facts.cursor, self.tables.facts.top, self.tables.facts.page);
        let mut facts = Facts { page, cursor, top, ..Facts::default() };
        self.judge_current();
        if let Some(person) = self.findings.verdict.as_ref().filter(|_| page.0 > 0) {
            let store = &self.store;
            let parts = &self.findings.parts;
            let all = store.len() - store.first() as usize;
            let is_filtered = self.list.chosen_count().is_some_and(|chosen| chosen < all);
            let judged = match (is_filtered, store.first() > 0) {
                (true, true) => Some("what the filter leaves of what is in memory"),
                (true, false) => Some("what the filter leaves"),
                (false, true) => Some("what is left of this capture in memory"),
                (false, false) => None,
            };
            let endpoint = |id: EndpointId| {
                let part = parts.get(id.0 as usize).copied().unwrap_or_default();
                let words = part.words();
                let words = if is_filtered { Part::of_whole(words, &[part]) } else { words };
                (store.endpoint(id).map_or_else(|| "?".into(), ToString::to_string), words)
            };
            let resource = |id: ResourceId| store.resource(id).map(str::to_owned);
            facts.title = format!("Verdict on {}", endpoint(person.endpoint).0);
            // A column is for the cursor's sign.
            let width = page.1.saturating_sub(1).max(1);
            let page = Page { endpoint: &endpoint, resource: &resource, judged, device: None };
            for item in page.items(person) {
                let style = item.severity.map_or_else(Style::new, |severity| self.theme.severity(severity));
                let lines = item.lines(width);
                facts.paragraphs.push((lines.len(), item.text.clone()));
                let line = |line| Line { pieces: vec![(format!(" {line}"), style)], record: item.record };
                facts.lines.extend(lines.into_iter().map(line));
            }
        }
        if page.0 == 0 {
            facts.seeks = self.tables.facts.seeks;
        } else {
            if self.tables.facts.seeks {
                facts.go_to(self.list.selected);
            }
            facts.cursor = facts.cursor.min(facts.lines.len().saturating_sub(1));
            facts.top = scrolled(facts.top, facts.cursor, facts.rows(), facts.lines.len());
        }
        self.tables.facts = facts;
    }

    /// Read the cases of the current row's endpoint again, unless they are at hand.
    fn judge_current(&mut self) {
        let endpoint = self.findings.current.map(|key| key.endpoint);
        if self.findings.verdict.as_ref().map(|person| person.endpoint) == endpoint {
            return;
        }
        let own = |row: &&Sum| Some(row.key.endpoint) == endpoint;
        let sums: Vec<&Sum> = self.findings.rows.iter().filter(own).collect();
        match Person::of_sums(&sums, &self.store, &self.fetcher) {
            Ok(person) => self.findings.verdict = person,
            Err(error) => self.say(error.to_string()),
        }
    }

    /// Why a view is empty.
    pub fn why_empty(&self) -> Cow<'static, str> {
        let (is_looking, failure) = (self.findings.is_running(), self.findings.judging.failure());
        let text = match (self.view, is_looking, failure, self.list.chosen.is_some()) {
            _ if self.filter.running => " filtering ..",
            _ if self.hides_all_rows() => " every message is from or to a hidden lane; A shows all lanes",
            (View::Findings, true, ..) => " looking for findings ..",
            (View::Findings, false, Some(why), _) => return format!(" not known: {why}").into(),
            (View::Messages, _, _, true) if self.before.is_empty() => {
                " no message passes the filter; Esc takes it away, / changes it"
            }
            (_, _, _, true) => " none passes the filter; / changes it, 1 and then Esc takes it away",
            (View::Flow, ..) => "",
            (_, _, _, false) if self.store.first() > 0 => " none in what is left of this capture in memory",
            (_, _, _, false) => " none in this capture",
        };
        text.into()
    }
}

/// A row as texts.
fn cells(store: &Store, row: &Sum, sender: String) -> Row {
    let SumKey { rule, severity, its_doing, .. } = row.key;
    let name = |id: ResourceId| escape::text(store.resource(id).unwrap_or("?")).into_owned();
    let resource = match row.resources.as_slice() {
        [] => "-".into(),
        [only] => name(*only),
        [first, others @ ..] => format!("{} and {} more", name(*first), others.len()),
    };
    let cells = vec![
        field::severity(severity).into(),
        rule.id().into(),
        row.count.to_string(),
        row.first
            .first()
            .and_then(|id| store.get(*id))
            .map_or_else(|| "-".into(), |record| format!("#{}", record.frame)),
        sender,
        if its_doing { "yes" } else { "not shown" }.into(),
        resource,
    ];
    Row { cells, severity: Some(severity), heading: false }
}
