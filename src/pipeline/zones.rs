//! Interfaces of a capture that lie on one link, as those of a bridge do: what goes between link-local addresses is seen on each of them. Such
//! addresses are good on one link only, so that those of two interfaces are different endpoints (RFC 4007 section 6) until the capture shows
//! that the link is the same.

use std::collections::VecDeque;

use crate::frame::{Datagram, Endpoint, is_known_time};
use crate::tracking::Seed;

/// One datagram is seen on two interfaces of a bridge within this time, nanoseconds.
const PASSAGE: u64 = 2_000_000;
/// So many of the newest datagrams are kept.
const KEPT: usize = 16;
/// So much is remembered of links.
const MOST: usize = 256;

/// A datagram from one link-local address to another.
struct Seen {
    time: i64,
    hash: u64,
    source: Endpoint,
    destination: Endpoint,
}

/// What is known of the links of a capture, by the [scopes](Endpoint::scope) of their endpoints.
#[derive(Default)]
pub(super) struct Zones {
    /// A link, and the one that it turned out to be.
    same: Vec<(u16, u16)>,
    /// Links on which something was seen that was on no other before: each is one of its own, whatever is alike on others later.
    own: Vec<u16>,
    newest: VecDeque<Seen>,
}

impl Zones {
    /// Gives the endpoints of a datagram the link on which they were met first.
    #[inline]
    pub fn settle(&mut self, datagram: &mut Datagram<'_>, time: i64, seed: &Seed) {
        let is_local = |end: &Endpoint| end.scope != 0 && end.address.is_ipv6();
        if is_local(&datagram.source) || is_local(&datagram.destination) {
            self.settle_local(datagram, time, seed);
        }
    }

    /// An endpoint on the link on which it was met first, as far as that is known.
    pub fn settled(&self, end: Endpoint) -> Endpoint {
        let same = self.same.iter().find(|(link, _)| *link == end.scope);
        Endpoint { scope: same.map_or(end.scope, |(_, same)| *same), ..end }
    }

    #[cold]
    #[inline(never)]
    fn settle_local(&mut self, datagram: &mut Datagram<'_>, time: i64, seed: &Seed) {
        let (source, destination) = (self.settled(datagram.source), self.settled(datagram.destination));
        (datagram.source, datagram.destination) = (source, destination);
        // A router may have one address on all links, and ask all groups at once: that shows nothing.
        if datagram.multicast || source.scope != destination.scope || !is_known_time(time) {
            return;
        }
        let hash = seed.hash(datagram.payload);
        let on = |end: Endpoint, link: u16| Endpoint { scope: link, ..end };
        let is_own = self.own.len() == MOST || self.own.contains(&source.scope);
        let is_copy = |seen: &&Seen| {
            let link = seen.source.scope;
            let alike =
                seen.hash == hash && on(source, link) == seen.source && on(destination, link) == seen.destination;
            alike && link != source.scope && !is_own && seen.time.abs_diff(time) <= PASSAGE
        };
        match self.newest.iter().find(is_copy).map(|seen| seen.source.scope) {
            Some(link) => {
                self.join(source.scope, link);
                (datagram.source, datagram.destination) = (on(source, link), on(destination, link));
            }
            None => {
                if !is_own {
                    self.own.push(source.scope);
                }
                if self.newest.len() == KEPT {
                    self.newest.pop_front();
                }
                self.newest.push_back(Seen { time, hash, source, destination });
            }
        }
    }

    /// A link is the same as one that was met before.
    fn join(&mut self, link: u16, same: u16) {
        if self.same.len() == MOST {
            return;
        }
        let newest = self.newest.iter_mut().flat_map(|seen| [&mut seen.source.scope, &mut seen.destination.scope]);
        newest.chain(self.same.iter_mut().map(|(_, same)| same)).filter(|of| **of == link).for_each(|of| *of = same);
        self.same.push((link, same));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FrameNotes;

    /// From `from` to `to` on a link, so many microseconds after the start; gives the links where it is said to be.
    fn settle(
        zones: &mut Zones,
        seed: &Seed,
        micros: i64,
        link: u16,
        [from, to]: [&str; 2],
        payload: &[u8],
    ) -> [u16; 2] {
        let end = |address: &str| {
            let scope = if address.starts_with('f') { link } else { 0 };
            Endpoint { address: address.parse().unwrap(), port: 5683, scope }
        };
        let mut datagram = Datagram {
            source: end(from),
            destination: end(to),
            payload,
            payload_offset: 62,
            wire_length: payload.len() as u32,
            cut: false,
            ip_id: 0,
            hop_limit: 64,
            heard: link,
            multicast: to.starts_with("ff"),
            on_the_way: false,
            reassembled: None,
            notes: FrameNotes::default(),
        };
        zones.settle(&mut datagram, micros * 1000, seed);
        [datagram.source.scope, datagram.destination.scope]
    }

    #[test]
    fn one_datagram_on_two_links_makes_them_one() {
        let (mut zones, seed) = (Zones::default(), Seed::default());
        let (there, back, group) = (["fe80::1", "fe80::2"], ["fe80::2", "fe80::1"], ["fe80::1", "ff02::fd"]);
        let mut on = |micros, link, ends, payload: &[u8]| settle(&mut zones, &seed, micros, link, ends, payload);
        // Something else, too late, to a group, and to an address that is good everywhere: nothing is shown.
        assert_eq!(on(0, 11, there, b"1234"), [11, 11]);
        assert_eq!(on(10, 12, there, b"1235"), [12, 12]);
        assert_eq!(on(2_001, 13, there, b"1234"), [13, 13]);
        assert_eq!(on(3_000, 14, group, b"aaaa"), [14, 14]);
        assert_eq!(on(3_010, 15, group, b"aaaa"), [15, 15]);
        assert_eq!(on(4_000, 16, ["fe80::1", "2001:db8::1"], b"bbbb"), [16, 0]);
        assert_eq!(on(4_010, 17, ["fe80::1", "2001:db8::1"], b"bbbb"), [17, 0]);
        // Where something was seen on each alone, the same on both is sent twice.
        assert_eq!(on(5_000, 11, there, b"1236"), [11, 11]);
        assert_eq!(on(5_010, 12, there, b"1236"), [12, 12]);
        // The same on one link is sent again; on another one it is seen there.
        assert_eq!(on(10_000, 2, there, b"5678"), [2, 2]);
        assert_eq!(on(10_005, 2, there, b"5678"), [2, 2]);
        assert_eq!(on(10_010, 1, there, b"5678"), [2, 2]);
        // From then on all that is said there, whichever interface has it first.
        assert_eq!(on(20_000, 1, back, b"9abc"), [2, 2]);
        assert_eq!(on(20_010, 2, back, b"9abc"), [2, 2]);
        assert_eq!(on(30_000, 1, group, b"cccc"), [2, 2]);
        // A third interface, and one of another link.
        assert_eq!(on(40_000, 1, back, b"defg"), [2, 2]);
        assert_eq!(on(40_010, 3, back, b"defg"), [2, 2]);
        assert_eq!(on(50_000, 4, back, b"hijk"), [4, 4]);
    }
}
