//! Block transfers folded: messages that follow one another and carry the blocks of one body become one row.

use std::collections::HashMap;

use crate::coap::{Block, Message, OptionNumber, Severity};
use crate::pipeline::Fetcher;
use crate::render::time::duration;
use crate::store::Store;
use crate::tracking::{EndpointId, ExchangeId, NO_RECORD, RecordId, ResourceId};

/// A run never crosses a record whose id is a multiple of this, so that where one begins is found in bounded time.
pub const ALIGNED: RecordId = 1024;
/// Exchanges that are remembered.
const KEPT: usize = 1 << 14;

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
    /// Copies of messages among them.
    pub repeats: usize,
    /// Exchanges in it.
    pub exchanges: usize,
    /// Bytes of payload.
    pub bytes: usize,
    /// The first block and the last.
    pub blocks: (Block, Block),
    /// Which option.
    pub option: OptionNumber,
    /// Method and path, escaped.
    pub about: String,
    /// Time of the first message and of the last.
    pub times: (i64, i64),
    /// Worst finding in it.
    pub severity: Option<Severity>,
    /// An exchange of it, for its colour.
    pub exchange: u32,
}

impl Run {
    /// Where the last block said that none follows.
    pub fn is_complete(&self) -> bool {
        !self.blocks.1.more
    }

    /// The words of its row, from the longest form to the shortest.
    pub fn texts(&self) -> Vec<String> {
        let name = self.option.name().unwrap_or("Block");
        let (first, last) = (self.blocks.0.number, self.blocks.1.number);
        let numbers = if first == last { format!("#{first}") } else { format!("#{first}-{last}") };
        let size = self.blocks.1.known_size().map(|size| format!(" of {size} B")).unwrap_or_default();
        let repeats = match self.repeats {
            0 => String::new(),
            count => format!(", {count} repeated"),
        };
        vec![
            format!(
                "[+] {} {name} {numbers}{size}, {} B in {} messages{repeats}",
                self.about, self.bytes, self.messages
            ),
            format!("[+] {} {name} {numbers}, {} B{repeats}", self.about, self.bytes),
            format!("[+] {} {name} {numbers}{repeats}", self.about),
            format!("[+] {} {numbers}", self.about),
            format!("[+] {name} {numbers}"),
            "[+]".into(),
        ]
    }

    /// What is said beside it.
    pub fn notes(&self) -> Vec<String> {
        let took = crate::frame::time_between(self.times.0, self.times.1);
        let state = if self.is_complete() { "complete" } else { "more follow," };
        let bare = state.trim_end_matches(',').to_owned();
        match took {
            Some(took) => vec![format!("{state} in {}", duration(took)).replace(", in", ", after"), bare],
            None => vec![bare],
        }
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
