//! Block transfers folded: messages that follow one another and carry the blocks of one body become one row.

use std::collections::HashMap;

use unicode_width::UnicodeWidthStr;

use crate::coap::{Block, Code, Message, OptionNumber, Severity, count, escape};
use crate::pipeline::Fetcher;
use crate::render::time::duration;
use crate::render::{content, line, wrap};
use crate::store::{Record, Store};
use crate::tracking::{EndpointId, ExchangeId, NO_RECORD, RecordId, Relation, ResourceId};

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
    /// Bytes of payload.
    pub bytes: usize,
    /// The first block and the last.
    pub blocks: (Block, Block),
    /// Which option.
    pub option: OptionNumber,
    /// All of the body that its last block is of was captured; none: that is not known.
    pub is_whole: Option<bool>,
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
            blocks: (part.block, part.block),
            option: part.option,
            is_whole: None,
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
        let body = store.part(id).and_then(|part| store.body(part.body));
        self.is_whole = body.map(|body| body.complete).or(self.is_whole);
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

    /// How the body stands: more is to come, or none, and all of it was captured or not.
    fn state(&self) -> &'static str {
        match (self.blocks.1.more, self.is_whole) {
            (true, _) => "more follow",
            (false, Some(false)) => "incomplete",
            (false, _) => "complete",
        }
    }

    /// The blocks: `Block1 #0-13`.
    fn numbers(&self) -> String {
        let name = self.option.name().unwrap_or("Block");
        let (first, last) = (self.blocks.0.number, self.blocks.1.number);
        if first == last { format!("{name} #{first}") } else { format!("{name} #{first}-{last}") }
    }

    /// All words of its row.
    pub fn words(&self) -> String {
        let size = self.blocks.1.known_size().map(|size| format!(" of {size} B")).unwrap_or_default();
        format!("{} {}{size}, {} B in {} messages", self.about, self.numbers(), self.bytes, self.messages)
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
            format!("{FOLDED}{about} {long}, {} B{hidden}", self.bytes),
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
        let took = crate::frame::time_between(self.times.0, self.times.1).map(duration);
        let state = self.state();
        let after = if state == "complete" { " in " } else { ", after " };
        let whole = took.map(|took| format!("{state}{after}{took}"));
        let (words, letters) = (self.hidden.words(), self.hidden.letters());
        if letters.is_empty() {
            return whole.into_iter().chain([state.to_owned()]).collect();
        }
        let whole = whole.iter().flat_map(|whole| [format!("{whole}; {words}"), format!("{whole}; {letters}")]);
        let short = [format!("{state}; {letters}"), format!("{state} {letters}"), format!("hides {letters}")];
        whole.chain(short).chain([letters.clone()]).collect()
    }
}

/// Which exchanges carry blocks, found out on demand.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    known: HashMap<ExchangeId, Option<Part>>,
}

impl Blocks {
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
    let of = |block: Option<(OptionNumber, Block)>, bytes: usize| {
        block.map(|(option, block)| Part { key, block, option, bytes })
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

/// Whether an exchange goes on with the body of the one before it.
pub fn follows(before: &Part, part: &Part) -> bool {
    let rises = part.block.number != 0 && part.block.number >= before.block.number;
    before.key == part.key && (rises || before.option != part.option)
}
