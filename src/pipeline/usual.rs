//! The usual message: of a usual frame, between endpoints that were heard before, with nothing to be said of it. Nearly all messages are
//! such, and are read in one go. The general way in `front` would find the same.

use super::PipelineOptions;
use super::batch::{Batch, FEW, Way, What, record};
use super::check;
use super::front::{Known, Lens};
use super::pairs::{Pairs, is_telling};
use crate::coap::{DecodeMode, Header, UsualMessage};
use crate::frame::{Datagram, Endpoint, Frame, QuickDatagram};
use crate::tracking::{RouteTable, Sought};

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

/// Reads a frame that may hold a usual message. None says nothing of it. `memory`: what lies in memory from its payload on.
#[inline(always)]
pub(super) fn message(
    lens: &mut Lens,
    frame: &Frame<'_>,
    datagram: &QuickDatagram<'_>,
    sought: &Sought,
    memory: Option<&[u8; FEW]>,
    batch: &mut Batch,
) -> Option<()> {
    let Lens { known: Known { routes, facts, .. }, payloads, options, pairs, .. } = lens;
    let both = match routes.find(sought) {
        Some(both) if both.route(sought).mark != 0 => both,
        _ => {
            explore(routes, options, pairs, &datagram.datagram(frame.position), sought);
            routes.find(sought)?
        }
    };
    let route = both.route(sought);
    if route.mark & USUAL == 0 {
        return None;
    }
    let admits = |usual: &UsualMessage<'_>| {
        let is_odd = check::concerns(usual) || payloads.are_odd(&usual.message);
        let payload = usual.message.payload().len() as u32;
        (!is_odd).then(|| Told { payload, telling: is_telling(&usual.message) })
    };
    let ahead = memory.and_then(|memory| memory.first_chunk());
    let told = facts.read(&mut batch.facts, datagram.payload, ahead, admits)?;
    if route.mark & COUNT != COUNT {
        *both.mark(sought) += u16::from(told.telling);
    }
    let length = batch.keep_few(datagram.payload, memory);
    batch.sizes.add(u64::from(frame.original_length), datagram.payload.len() as u64, u64::from(told.payload));
    let header = Header::read(datagram.payload);
    let ends = [route.source, route.destination];
    batch.records.push(record(frame, ends, QuickDatagram::OFFSET, length, DecodeMode::Rfc7252, header));
    let what = What::Message;
    batch.ways.push(Way { pair: route.pair, ip_id: datagram.ip_id, hop_limit: datagram.hop_limit, what });
    Some(())
}

/// Finds out whether there are usual messages on the route of a datagram, and makes it known where it is not.
#[cold]
#[inline(never)]
fn explore(
    routes: &mut RouteTable,
    options: &PipelineOptions,
    pairs: &Pairs,
    datagram: &Datagram<'_>,
    sought: &Sought,
) {
    if let Some(both) = routes.find(sought)
        && both.mark_back(sought) & USUAL != 0
        && !datagram.multicast
    {
        // What holds for one way holds for the other, but that only one of them can lead to a group.
        *both.mark(sought) = USUAL;
        return;
    }
    let Datagram { source, destination, .. } = datagram;
    let is_usual = options.tokens.mode() == DecodeMode::Rfc7252
        && options.ports.surely_either(datagram)
        && check::is_quiet(datagram)
        && !pairs.is_special(source, destination);
    if is_usual {
        // Whatever a datagram with such ports holds is told of, so that its endpoints get numbers in any case.
        routes.intern(source, destination);
    }
    if let Some(both) = routes.find(sought) {
        *both.mark(sought) = if is_usual { USUAL } else { UNUSUAL };
    }
}

/// Has no usual messages between two endpoints any more: they may speak a dialect. Gives how many told that they speak as everybody does.
pub(super) fn forget(known: &mut Known, one: &Endpoint, other: &Endpoint) -> u32 {
    let mut take =
        |from, to| known.routes.mark(from, to).map_or(0, |mark| u32::from(std::mem::replace(mark, UNUSUAL) & COUNT));
    take(one, other) + take(other, one)
}
