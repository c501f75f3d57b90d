//! Block transfers folded: messages that follow one another and carry the blocks of one body become one row.

use std::collections::{HashMap, HashSet};

use unicode_width::UnicodeWidthStr;

use super::row::{Fate, Source, fate_of_request};
use crate::coap::{Block, Code, Message, OptionNumber, Severity, count, escape};
use crate::pipeline::Fetcher;
use crate::render::time::duration;
use crate::render::{content, line, wrap};
use crate::store::{Record, RecordFlags, Store};
use crate::tracking::{BodyId, EndpointId, ExchangeId, ExchangeState, NO_RECORD, RecordId, Relation, ResourceId};

/// A run never crosses a record whose id is a multiple of this, so that where one begins is found in bounded time.
pub const ALIGNED: RecordId = 1024;
/// Exchanges that are remembered.
const KEPT: usize = 1 << 14;
/// Flags from the least grave to the gravest.
const GRAVITY: &str = "oGCDRWE";
/// In front of a folded row.
const FOLDED: &str = "[+] ";
/// Columns that a path is never cut below.
const PATH: usize = 5;

/// What an exchange carries of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whose body, and what it is of.
    pub key: Key,
    /// The block of this exchange.
    pub block: Block,
    /// Which option says so.
    pub option: OptionNumber,
    /// Bytes of payload, repeats not counted.
    pub bytes: usize,
    /// The body that the tracker counts it to.
    pub body: Option<BodyId>,
}

impl Part {
    /// This message brought the payload: the request, or the response to one that asks for a block.
    pub(super) fn is_carried_by(&self, record: &Record) -> bool {
        let is_sent = matches!(self.option, OptionNumber::BLOCK1 | OptionNumber::Q_BLOCK1);
        !record.is_repeat() && if is_sent { record.code.is_request() } else { record.code.is_response() }
    }
}

/// Exchanges with the same key belong to one body, while their block numbers rise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    client: EndpointId,
    server: EndpointId,
    resource: ResourceId,
    method: u8,
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
    /// Bytes of payload, as far as they were captured.
    pub bytes: usize,
    /// The capture cut some of it.
    cut: bool,
    /// The first block and the last.
    pub blocks: (Block, Block),
    /// Which option.
    pub option: OptionNumber,
    /// How far the body came that its last block is of.
    stand: Stand,
    /// The body that its last block is of.
    body: Option<BodyId>,
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
    pub(super) fn new(first: RecordId, part: &Part, store: &Store) -> Option<Self> {
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
            bytes: 0,
            cut: false,
            blocks: (part.block, part.block),
            option: part.option,
            stand: Stand::Unknown,
            body: part.body,
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
    pub(super) fn note(&mut self, id: RecordId, record: &Record, store: &Store) {
        self.body = store.part(id).map(|part| part.body).or(self.body);
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

    /// Blocks that come in any order, a whole set for one request or one response (RFC 9177).
    fn is_of_sets(&self) -> bool {
        is_of_sets(self.option)
    }

    /// Takes the numbers of the blocks from the messages that carry them, and what became of the body and the last exchange.
    fn close(&mut self, members: &[RecordId], source: &Source<'_>) {
        let store = source.store;
        let body = self.body.and_then(|body| store.body(body));
        self.stand = match body {
            None => Stand::Unknown,
            Some(body) if !body.complete => Stand::Missing,
            Some(body) if body.completed_by > self.last => Stand::Later,
            Some(body) => Stand::Whole { here: body.first >= self.first },
        };
        if self.is_of_sets() {
            let size = u64::from(self.blocks.0.size()).max(1);
            let parts = || {
                let first = |id: &&RecordId| store.get(**id).is_some_and(|record| !record.is_repeat());
                members.iter().filter(first).filter_map(|id| store.part(*id))
            };
            let numbers = || parts().map(|part| (part.offset / size) as u32);
            if let (Some(low), Some(high)) = (numbers().min(), numbers().max()) {
                let ends = parts().map(|part| part.offset + u64::from(part.length)).max();
                let more = body.is_none_or(|body| body.length == 0 || ends < Some(body.length));
                (self.blocks.0.number, self.blocks.1.number, self.blocks.1.more) = (low, high, more);
                let mut seen = HashSet::new();
                let each = parts().filter(|part| seen.insert((part.body, part.offset)));
                self.bytes = each.map(|part| part.length as usize).sum();
            }
        }
    }

    /// What became of the last exchange: no answer, a Reset, an error. `asked`: the block that it was about.
    fn judge_end(&mut self, last: ExchangeId, asked: u32, source: &Source<'_>) {
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
            (None, _) if self.blocks.1.more => "more follow",
            (None, Stand::Missing) => "incomplete",
            (None, Stand::Unknown) => "complete",
        }
    }

    /// The blocks: `Block1 #0-13`.
    fn numbers(&self) -> String {
        let name = self.option.name().unwrap_or("Block");
        let (first, last) = (self.blocks.0.number, self.blocks.1.number);
        if first == last { format!("{name} #{first}") } else { format!("{name} #{first}-{last}") }
    }

    /// Bytes of payload, and whether these are all.
    fn length(&self) -> String {
        format!("{} B{}", self.bytes, if self.cut { " captured" } else { "" })
    }

    /// All words of its row.
    pub fn words(&self) -> String {
        let size = self.blocks.1.known_size().map(|size| format!(" of {size} B")).unwrap_or_default();
        format!("{} {}{size}, {} in {} messages", self.about, self.numbers(), self.length(), self.messages)
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
        let forms = [
            format!("{FOLDED}{about}{whole}{hidden}"),
            format!("{FOLDED}{about} {long}, {}{hidden}", self.length()),
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

/// Which exchanges carry blocks, found out on demand.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    known: HashMap<ExchangeId, Option<Part>>,
}

impl Blocks {
    /// What the messages of a run come to.
    pub fn sum(&mut self, source: &mut Source<'_>, members: &[RecordId]) -> Option<Run> {
        let store = source.store;
        let is_first = |id: &&RecordId| store.get(**id).is_some_and(|record| !record.is_repeat());
        // Copies tell nothing of how far it came.
        let begin = members.iter().find(is_first).or(members.first())?;
        let end = members.iter().rfind(is_first).or(members.last())?;
        let (begins, ends) = (self.part(*begin, store, source.fetcher)?, self.part(*end, store, source.fetcher)?);
        let mut run = Run::new(*members.first()?, &begins, store)?;
        (run.blocks.1, run.option) = (ends.block, ends.option);
        let mut seen = HashSet::new();
        for id in members {
            let record = store.get(*id)?;
            run.note(*id, &record, store);
            let part = self.part(*id, store, source.fetcher)?;
            run.exchanges += usize::from(seen.insert(record.exchange));
            if part.is_carried_by(&record) {
                run.bytes += part.bytes;
                run.cut |= record.flags.has(RecordFlags::CUT);
            }
        }
        run.close(members, source);
        let asks =
            |id: &&RecordId| store.get(**id).is_some_and(|record| record.code.is_request() && !record.is_repeat());
        let last = members.iter().rfind(asks).and_then(|id| store.get(*id));
        if let Some(last) = last {
            let asked =
                if last.exchange == store.get(*end)?.exchange { ends.block.number } else { run.blocks.1.number };
            run.judge_end(last.exchange, asked, source);
        }
        Some(run)
    }

    /// What was found out may have changed.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// What the exchange of a record carries; `None` where that is no block.
    pub fn part(&mut self, id: RecordId, store: &Store, fetcher: &mut Fetcher) -> Option<Part> {
        let exchange = store.get(id)?.exchange;
        if exchange.0 == 0 {
            return None;
        }
        if let Some(known) = self.known.get(&exchange) {
            return *known;
        }
        if self.known.len() >= KEPT {
            self.known.clear();
        }
        let part = read(exchange, store, fetcher);
        self.known.insert(exchange, part);
        part
    }
}

fn read(exchange: ExchangeId, store: &Store, fetcher: &mut Fetcher) -> Option<Part> {
    let row = store.exchange(exchange)?;
    // Notifications are messages of their own; what follows their first block has exchanges of its own.
    if row.observation.0 != 0 || row.multicast {
        return None;
    }
    let key = Key { client: row.client, server: row.server, resource: row.resource, method: row.method };
    let body = [row.request, row.response].into_iter().find_map(|id| store.part(id)).map(|part| part.body);
    let of = |block: Option<(OptionNumber, Block)>, bytes: usize| {
        block.map(|(option, block)| Part { key, block, option, bytes, body })
    };
    let (sent, asked) = with(row.request, store, fetcher, |message| {
        (
            of(find(message, [OptionNumber::BLOCK1, OptionNumber::Q_BLOCK1]), message.payload().len()),
            of(find(message, [OptionNumber::BLOCK2, OptionNumber::Q_BLOCK2]), 0),
        )
    })?;
    let given = with(row.response, store, fetcher, |message| {
        of(find(message, [OptionNumber::BLOCK2, OptionNumber::Q_BLOCK2]), message.payload().len())
    });
    // Of one that only asks nothing is known but what it asks for.
    let asked = asked.map(|part| Part { block: Block { more: true, ..part.block }, ..part });
    sent.or(given.flatten()).or(asked)
}

fn find(message: &Message<'_>, options: [OptionNumber; 2]) -> Option<(OptionNumber, Block)> {
    options.into_iter().find_map(|option| Some((option, message.block(option)?)))
}

fn with<T>(id: RecordId, store: &Store, fetcher: &mut Fetcher, see: impl Fn(&Message<'_>) -> T) -> Option<T> {
    let view = (id != NO_RECORD).then(|| fetcher.view(store, id)).and_then(Result::ok).flatten()?;
    Some(see(&view.message))
}

/// Whether an exchange goes on with the body of the one before it. Of sets the missing blocks come again, behind later ones.
pub fn follows(before: &Part, part: &Part) -> bool {
    let rises = part.block.number != 0 && part.block.number >= before.block.number;
    let same = is_of_sets(part.option) && part.body.is_some() && part.body == before.body;
    before.key == part.key && (rises || same || before.option != part.option)
}

/// Blocks that come in any order, a whole set for one request or one response (RFC 9177 section 3).
fn is_of_sets(option: OptionNumber) -> bool {
    matches!(option, OptionNumber::Q_BLOCK1 | OptionNumber::Q_BLOCK2)
}
