//! The usual message: of a usual frame, between endpoints that were heard before, with nothing to be said of it. Nearly all messages are
//! such, and are read in one go. The general way in `front` would find the same.

use super::PipelineOptions;
use super::batch::{Batch, FEW, What, record};
use super::check;
use super::front::{Known, Lens};
use super::pairs::{Pairs, is_telling};
use crate::coap::{DecodeMode, Header, UsualMessage};
use crate::frame::{Datagram, Endpoint, Frame, Position, QuickDatagram};
use crate::tracking::{Arrival, Both, FACTS_AHEAD as AHEAD, RouteTable, Sought};

/// The bits of [the mark of a route](crate::tracking::Route::mark) that are set once it is known whether there are usual messages on it: the
/// datagrams are CoAP by their ports, and nothing is to be said of these or of the addresses. The other bits count usual messages that tell a
/// dialect.
const USUAL: u16 = 1 << 15;
const UNUSUAL: u16 = 1 << 14;
const COUNT: u16 = UNUSUAL - 1;

/// What is to be known of a usual message beside its facts.
#[derive(Clone, Copy, Default)]
pub(super) struct Told {
    /// Length of its payload in bytes.
    payload: u32,
    /// See [`is_telling`].
    telling: bool,
}

/// A usual frame with few bytes, before it is read on.
#[derive(Clone, Copy)]
pub(super) struct Near<'a> {
    /// What lies in memory from its beginning on.
    memory: &'a [u8; QuickDatagram::OFFSET + FEW],
    /// Length of its payload.
    length: usize,
    sought: Sought,
}

impl<'a> Near<'a> {
    /// A frame of Ethernet of so many bytes, if it is one. Asks memory for its way.
    #[inline(always)]
    pub fn new(routes: &RouteTable, length: usize, memory: &'a [u8; QuickDatagram::OFFSET + FEW]) -> Option<Self> {
        let headers = memory.first_chunk()?;
        let length = QuickDatagram::payload_length(headers, length).filter(|length| *length <= FEW)?;
        let sought = routes.sought(QuickDatagram::ends(headers));
        routes.ask(&sought);
        Some(Self { memory, length, sought })
    }

    /// Reads it as [`message`] does.
    #[inline(always)]
    pub fn message<'f>(&self, lens: &mut Lens, frame: impl Fn() -> Frame<'f>, batch: &mut Batch) -> Option<()> {
        let (headers, memory) = self.memory.split_first_chunk()?;
        let datagram = QuickDatagram::new(headers, memory, self.length)?;
        message(lens, frame, datagram, &self.sought, memory.first_chunk(), batch)
    }
}

/// Reads a frame that may hold a usual message. None says nothing of it. Of its sizes that of the payload alone is added up. `frame` is asked for where it is
/// needed, so that nothing of it need be kept until then. `memory`: what lies in memory from its payload on.
#[inline(always)]
pub(super) fn message<'f>(
    lens: &mut Lens,
    frame: impl Fn() -> Frame<'f>,
    datagram: QuickDatagram<'_>,
    sought: &Sought,
    memory: Option<&[u8; FEW]>,
    batch: &mut Batch,
) -> Option<()> {
    let Lens { known: Known { routes, facts, .. }, payloads, options, pairs, .. } = lens;
    let both = match routes.find(sought) {
        Some(both) if both.route(sought).mark & USUAL != 0 => both,
        _ => explore(routes, options, pairs, datagram, frame().position, sought)?,
    };
    let admits = |usual: &UsualMessage<'_>| {
        let is_odd = check::concerns(usual) || payloads.are_odd(&usual.message);
        let payload = usual.message.payload().len() as u32;
        (!is_odd).then(|| Told { payload, telling: is_telling(&usual.message) })
    };
    let ahead = memory.and_then(|memory| memory.first_chunk());
    let told = facts.read(&mut batch.facts, datagram.payload, ahead, admits)?;
    // Not before, so that it need not be kept beside all that.
    let route = both.route(sought);
    if route.mark & COUNT != COUNT {
        *both.mark(sought) += u16::from(told.telling);
    }
    batch.sizes.payload += u64::from(told.payload);
    let frame = frame();
    batch.arrivals.push(Arrival {
        pair: Some(route.pair),
        ip_id: datagram.ip_id(),
        hop_limit: datagram.hop_limit(),
        interface: frame.position.interface,
        ..Arrival::new(batch.next_record(), frame.time, route.source, route.destination)
    });
    batch.kinds.push(What::Message);
    let length = batch.keep_few(datagram.payload, memory);
    // Where nobody would ask whether it is there.
    let header = Header::read(ahead.map_or(datagram.payload, |ahead: &[u8; AHEAD]| ahead));
    let ends = [route.source, route.destination];
    batch.records.push(record(&frame, ends, QuickDatagram::OFFSET as u16, length, DecodeMode::Rfc7252, header));
    Some(())
}

/// Finds out whether there are usual messages on the route of a datagram, if that is not known, and makes it known. Gives it if there are.
#[cold]
#[inline(never)]
fn explore<'t>(
    routes: &'t mut RouteTable,
    options: &PipelineOptions,
    pairs: &Pairs,
    datagram: QuickDatagram<'_>,
    position: Position,
    sought: &Sought,
) -> Option<&'t mut Both> {
    if routes.find(sought).is_some_and(|both| *both.mark(sought) != 0) {
        return None;
    }
    let is_usual = learn(routes, options, pairs, &datagram.datagram(position));
    let both = routes.find(sought)?;
    *both.mark(sought) = if is_usual { USUAL } else { UNUSUAL };
    let back = both.mark_back(sought);
    if is_usual && *back == 0 && !datagram.is_from_group() {
        // What holds for one way holds for the other, but that only one of them can lead to a group.
        *back = USUAL;
    }
    is_usual.then_some(both)
}

/// The same by addresses, ports and options: makes a route known where there are.
fn learn(routes: &mut RouteTable, options: &PipelineOptions, pairs: &Pairs, datagram: &Datagram<'_>) -> bool {
    let Datagram { source, destination, .. } = datagram;
    let is_usual = options.tokens.mode() == DecodeMode::Rfc7252
        && options.ports.surely_either(datagram)
        && check::is_quiet(datagram)
        && !pairs.is_special(source, destination);
    if is_usual {
        // Whatever a datagram with such ports holds is told of, so that its endpoints get numbers in any case.
        routes.intern(source, destination);
    }
    is_usual
}

/// Has no usual messages between two endpoints any more: they may speak a dialect. Gives how many told that they speak as everybody does.
pub(super) fn forget(known: &mut Known, one: &Endpoint, other: &Endpoint) -> u32 {
    let mut take =
        |from, to| known.routes.mark(from, to).map_or(0, |mark| u32::from(std::mem::replace(mark, UNUSUAL) & COUNT));
    take(one, other) + take(other, one)
}
