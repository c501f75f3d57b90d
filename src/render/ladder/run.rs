//! A folded run: what the messages of a block transfer come to in one row, and what this says.

use std::collections::{BTreeMap, HashSet};

use unicode_width::UnicodeWidthStr;

use super::blocks::{Part, Piece, is_of_sets};
use super::row::{Fate, Source, fate_of_request};
use crate::coap::{Block, Code, OptionNumber, Severity, count, escape};
use crate::render::time::duration;
use crate::render::{content, line, wrap};
use crate::store::{Record, RecordFlags, Store};
use crate::tracking::{BodyId, EndpointId, ExchangeId, ExchangeState, NO_RECORD, RecordId, Relation};

/// Flags from the least grave to the gravest.
const GRAVITY: &str = "oGCDRWE";
/// In front of a folded row.
const FOLDED: &str = "[+] ";
/// Columns that a path is never cut below.
const PATH: usize = 5;
/// Which way the blocks of a run go.
const WAYS: [&str; 2] = [" up", " down"];

/// The blocks of a run that go one way: to the server, or back.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Half {
    /// Which option.
    option: OptionNumber,
    /// The first block and the last.
    blocks: (Block, Block),
    /// The body that its last block is of.
    body: Option<BodyId>,
    /// Bytes of the bodies, as far as they were captured here; those of blocks that came twice once.
    bytes: u64,
    /// The capture cut some of them.
    cut: bool,
    /// Begins and ends of the blocks in their bodies.
    ranges: BTreeMap<BodyId, Vec<(u64, u64)>>,
    /// Blocks that are of no body which the tracker knows: number, size.
    loose: HashSet<(u32, u8)>,
}

impl Half {
    fn new(piece: &Piece) -> Self {
        Self {
            option: piece.option,
            blocks: (piece.block, piece.block),
            body: None,
            bytes: 0,
            cut: false,
            ranges: BTreeMap::new(),
            loose: HashSet::new(),
        }
    }

    /// Takes in the payload of a message.
    fn carry(&mut self, piece: &Piece, id: RecordId, record: &Record, store: &Store) {
        self.cut |= record.flags.has(RecordFlags::CUT);
        if let Some(part) = store.part(id) {
            self.body = Some(part.body);
            let range = (part.offset, part.offset.saturating_add(part.length.into()));
            self.ranges.entry(part.body).or_default().push(range);
        } else if self.loose.insert((piece.block.number, piece.block.szx)) {
            self.bytes = self.bytes.saturating_add(piece.bytes as u64);
        }
    }

    /// Sums up the bytes. Of sets the numbers of the blocks are those of the messages that carry them, which come in any order.
    fn close(&mut self, store: &Store) {
        let size = u64::from(self.blocks.0.size()).max(1);
        let ends: Vec<(u64, u64)> = self.ranges.values().flatten().copied().collect();
        if is_of_sets(self.option)
            && let (Some(first), Some(last)) = (ends.iter().map(|it| it.0).min(), ends.iter().map(|it| it.0).max())
        {
            let end = ends.iter().map(|it| it.1).max();
            let body = self.body.and_then(|body| store.body(body));
            let more = body.is_none_or(|body| body.length == 0 || end < Some(body.length));
            (self.blocks.0.number, self.blocks.1.number) = ((first / size) as u32, (last / size) as u32);
            self.blocks.1.more = more;
        }
        for (body, mut ranges) in std::mem::take(&mut self.ranges) {
            // An older block may have gone beyond the end that a newer one told.
            let end = store.body(body).filter(|body| body.length > 0).map_or(u64::MAX, |body| body.length);
            ranges.sort_unstable();
            let mut held = 0;
            for (from, to) in ranges {
                let to = to.min(end);
                self.bytes = self.bytes.saturating_add(to.saturating_sub(from.max(held)));
                held = held.max(to);
            }
        }
    }

    /// How far the body came that its last block is of, by the end of a run.
    fn stand(&self, run: &Run, store: &Store) -> Stand {
        match self.body.and_then(|body| store.body(body)) {
            None => Stand::Unknown,
            Some(body) if !body.complete => Stand::Missing,
            Some(body) if body.completed_by > run.last => Stand::Later,
            Some(body) => Stand::Whole { here: body.first >= run.first },
        }
    }

    /// The blocks: `Block1 #0-13`.
    fn numbers(&self) -> String {
        let name = self.option.name().unwrap_or("Block");
        let (first, last) = (self.blocks.0.number, self.blocks.1.number);
        if first == last { format!("{name} #{first}") } else { format!("{name} #{first}-{last}") }
    }

    /// The size of its blocks: ` of 64 B`.
    fn size(&self) -> String {
        self.blocks.1.known_size().map(|size| format!(" of {size} B")).unwrap_or_default()
    }

    /// Bytes of payload, and whether these are all.
    fn length(&self) -> String {
        format!("{} B{}", self.bytes, if self.cut { " captured" } else { "" })
    }
}

/// A folded run of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its first message.
    pub first: RecordId,
    /// Its last message.
    pub last: RecordId,
    /// Who asks.
    pub client: EndpointId,
    /// Who answers.
    pub server: EndpointId,
    /// Messages in it.
    pub messages: usize,
    /// What stands out among them.
    pub hidden: Hidden,
    /// Exchanges in it.
    pub exchanges: usize,
    /// What it carries to the server, and what it carries back.
    halves: [Option<Half>; 2],
    /// How far the bodies came that its last blocks are of.
    stand: Stand,
    /// How its last exchange came to an end, where that says more than the blocks do.
    end: Option<String>,
    /// Method and path, escaped.
    pub about: String,
    /// Time of the first message and of the last.
    pub times: (i64, i64),
    /// Worst finding in it.
    pub severity: Option<Severity>,
    /// The flag of its gravest message, as the list has it.
    pub flag: String,
    gravity: (Option<usize>, u8),
    /// An exchange of it, for its colour.
    pub exchange: u32,
}

/// How far a body came, by the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// The tracker has no such body.
    Unknown,
    /// All of it was captured; `here`: from its first block on in this run.
    Whole { here: bool },
    /// All of it was, behind this run.
    Later,
    /// Not all of it.
    Missing,
}

/// What a folded run hides, counted: a message may be among several of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Messages with an error.
    pub errors: usize,
    /// Messages with a warning.
    pub warnings: usize,
    /// Retransmissions.
    pub retransmissions: usize,
    /// Other copies of messages.
    pub duplicates: usize,
    /// Requests before the last that were answered with an error or a Reset.
    pub refusals: usize,
}

impl Hidden {
    fn count(&mut self, record: &Record) {
        let retransmission = record.relation() == Relation::Retransmits;
        self.errors += usize::from(record.severity() == Some(Severity::Error));
        self.warnings += usize::from(record.severity() == Some(Severity::Warn));
        self.retransmissions += usize::from(retransmission);
        self.duplicates += usize::from(record.is_repeat() && !retransmission);
    }

    /// The counts, each with its flag and its noun, the gravest first.
    fn kinds(&self) -> impl Iterator<Item = (usize, char, &'static str)> {
        let all = [
            (self.errors, 'E', "error"),
            (self.warnings, 'W', "warning"),
            (self.retransmissions, 'R', "retransmission"),
            (self.duplicates, 'D', "duplicate"),
            (self.refusals, 'X', "refusal"),
        ];
        all.into_iter().filter(|(count, ..)| *count > 0)
    }

    /// `1 warning, 2 retransmissions`; empty where nothing stands out.
    pub fn words(&self) -> String {
        self.kinds().map(|(number, _, noun)| count(number, noun)).collect::<Vec<_>>().join(", ")
    }

    /// The same in a few columns: `1W 2R`.
    pub fn letters(&self) -> String {
        self.kinds().map(|(count, letter, _)| format!("{count}{letter}")).collect::<Vec<_>>().join(" ")
    }
}

/// How grave a message's flag is, and which retransmission it is.
fn gravity(record: &Record) -> (Option<usize>, u8) {
    (line::flag(record).chars().next().and_then(|letter| GRAVITY.find(letter)), record.transmission)
}

impl Run {
    /// A run that begins with a message of an exchange which carries a part of a body.
    pub(super) fn new(first: RecordId, store: &Store) -> Option<Self> {
        let begins = store.get(first)?;
        let row = store.exchange(begins.exchange)?;
        let method = Code(row.method).name().unwrap_or("?");
        let resource = store.resource(row.resource).unwrap_or_default();
        Some(Self {
            first,
            last: first,
            client: row.client,
            server: row.server,
            messages: 0,
            hidden: Hidden::default(),
            exchanges: 0,
            halves: [None, None],
            stand: Stand::Unknown,
            end: None,
            about: format!("{method} {}", escape::text(resource)),
            times: (begins.time, begins.time),
            severity: None,
            flag: String::new(),
            gravity: (None, 0),
            exchange: begins.exchange.0,
        })
    }

    /// Counts in what stands out about a message.
    pub(super) fn note(&mut self, id: RecordId, record: &Record) {
        self.last = id;
        self.times.1 = record.time;
        self.messages += 1;
        self.severity = self.severity.max(record.severity());
        self.hidden.count(record);
        let gravity = gravity(record);
        if gravity > self.gravity {
            (self.gravity, self.flag) = (gravity, line::flag(record).into_owned());
        }
    }

    /// Takes the numbers of the blocks of an exchange.
    pub(super) fn reach(&mut self, part: &Part) {
        for (half, piece) in self.halves.iter_mut().zip(&part.pieces) {
            if let Some(piece) = piece {
                half.get_or_insert_with(|| Half::new(piece)).blocks.1 = piece.block;
            }
        }
    }

    /// Takes in the payload of a message.
    pub(super) fn carry(&mut self, way: usize, piece: &Piece, id: RecordId, record: &Record, store: &Store) {
        if let Some(half) = self.halves.get_mut(way) {
            half.get_or_insert_with(|| Half::new(piece)).carry(piece, id, record, store);
        }
    }

    /// Sums up the blocks, and how far their bodies came.
    pub(super) fn close(&mut self, store: &Store) {
        self.halves.iter_mut().flatten().for_each(|half| half.close(store));
        let stands = || self.halves.iter().flatten().map(|half| half.stand(self, store));
        let is_missing = stands().any(|stand| stand == Stand::Missing);
        let is_elsewhere = stands().any(|stand| stand == Stand::Whole { here: false });
        self.stand = match stands().next_back().unwrap_or(Stand::Unknown) {
            _ if is_missing => Stand::Missing,
            Stand::Whole { here } => Stand::Whole { here: here && !is_elsewhere },
            stand => stand,
        };
    }

    /// Counts the exchanges before the last that the server refused: the blocks do not tell that.
    pub(super) fn judge_exchanges(&mut self, before: impl Iterator<Item = ExchangeId>, store: &Store) {
        let is_refused = |id: &ExchangeId| {
            store.exchange(*id).is_some_and(|row| {
                let is_error = |response: Record| response.code.is_error();
                let answer = store.get(row.response).filter(|_| row.response != NO_RECORD);
                row.state == ExchangeState::Reset || answer.is_some_and(is_error)
            })
        };
        self.hidden.refusals = before.filter(is_refused).count();
    }

    /// What became of the last exchange: no answer, a Reset, an error. `asked`: the block that it was about.
    pub(super) fn judge_end(&mut self, last: ExchangeId, asked: u32, source: &Source<'_>) {
        let store = source.store;
        let Some(row) = store.exchange(last) else { return };
        let code = store.get(row.response).filter(|_| row.response != NO_RECORD).map(|response| response.code);
        self.end = match (row.state, code) {
            (ExchangeState::Reset, _) => Some(format!("#{asked} is rejected")),
            (ExchangeState::Unreachable, _) => Some(format!("#{asked} unreachable")),
            (_, Some(code)) if code.is_error() => Some(format!("{code} to #{asked}")),
            _ if fate_of_request(store, row.request, source.ended) == Fate::Unanswered => {
                Some(format!("no answer to #{asked}"))
            }
            _ => None,
        };
    }

    /// How the body stands: more is to come, or none, and all of it was captured or not; or how its last exchange failed.
    fn state(&self) -> &str {
        match (&self.end, self.stand) {
            (Some(end), _) => end,
            (None, Stand::Whole { .. }) => "complete",
            (None, Stand::Later) => "more follow",
            (None, _) if self.halves.iter().flatten().next_back().is_some_and(|half| half.blocks.1.more) => {
                "more follow"
            }
            (None, Stand::Missing) => "incomplete",
            (None, Stand::Unknown) => "complete",
        }
    }

    /// What goes each way, in the words of `tell`, which is given the way where there are two.
    fn each(&self, between: &str, tell: impl Fn(&Half, &str) -> String) -> String {
        let is_both = self.halves.iter().all(Option::is_some);
        let each = self.halves.iter().zip(WAYS).filter_map(|(half, way)| Some((half.as_ref()?, way)));
        let told: Vec<String> = each.map(|(half, way)| tell(half, if is_both { way } else { "" })).collect();
        told.join(between)
    }

    /// The blocks: `Block1 #0-13`, or `Block1 #0-2 Block2 #0-1`.
    fn numbers(&self) -> String {
        self.each(" ", |half, _| half.numbers())
    }

    /// All words of its row.
    pub fn words(&self) -> String {
        let tell = |half: &Half, way: &str| format!("{}{}, {}{way}", half.numbers(), half.size(), half.length());
        format!("{} {} in {} messages", self.about, self.each(", ", tell), self.messages)
    }

    /// Columns of the words that a reader should see at least.
    pub fn wanted(&self, about: &str) -> usize {
        FOLDED.len() + about.width() + 1 + self.numbers().width()
    }

    /// The words of its row in so many columns, a sign where the path is cut. `about`: method and path in the characters that there are;
    /// `told`: the note tells what is hidden.
    pub fn label(&self, about: &str, columns: usize, told: bool) -> String {
        let letters = if told { String::new() } else { self.hidden.letters() };
        let hidden = if letters.is_empty() { String::new() } else { format!(", {letters}") };
        let (long, short) = (self.numbers(), content::shortest_blocks(&self.numbers()));
        let (method, path) = about.split_once(' ').unwrap_or((about, ""));
        let left = columns.saturating_sub(FOLDED.len() + method.width() + short.width() + hidden.width() + 2);
        let whole = self.words().split_off(self.about.len());
        let tell = |half: &Half, way: &str| format!("{}, {}{way}", half.numbers(), half.length());
        let forms = [
            format!("{FOLDED}{about}{whole}{hidden}"),
            format!("{FOLDED}{about} {}{hidden}", self.each(", ", tell)),
            format!("{FOLDED}{about} {long}{hidden}"),
            format!("{FOLDED}{about} {short}{hidden}"),
            format!("{FOLDED}{method} {} {short}{hidden}", wrap::cut_middle(path, left.max(PATH), "..")),
            format!("{FOLDED}{method}.. {short}{hidden}"),
            format!("{FOLDED}.. {short}{hidden}"),
            format!("{FOLDED}{letters}"),
        ];
        forms.into_iter().find(|form| form.width() <= columns).unwrap_or_default().trim_end().to_owned()
    }

    /// What is said beside it: how it ended, how long it took, and what it hides.
    pub fn notes(&self) -> Vec<String> {
        let state = self.state();
        // How long the whole took is not told by its end alone.
        let is_part = state == "complete" && self.stand == Stand::Whole { here: false };
        let took = crate::frame::time_between(self.times.0, self.times.1).filter(|_| !is_part).map(duration);
        let after = if state == "complete" { " in " } else { ", after " };
        let whole = took.map(|took| format!("{state}{after}{took}"));
        let (words, letters) = (self.hidden.words(), self.hidden.letters());
        if letters.is_empty() {
            return whole.into_iter().chain([state.to_owned()]).collect();
        }
        let whole = whole.iter().flat_map(|whole| [format!("{whole}; {words}"), format!("{whole}; {letters}")]);
        let short = [
            format!("{state}; {words}"),
            format!("{state}; {letters}"),
            format!("{state} {letters}"),
            format!("hides {letters}"),
        ];
        whole.chain(short).chain([letters.clone()]).collect()
    }
}
