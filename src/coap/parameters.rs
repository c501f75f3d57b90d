//! Transmission parameters and what follows from them (RFC 7252 section 4.8), and the fixed numbers of its relatives.

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// Default UDP and TCP port of `coap` (RFC 7252 section 12.6).
pub const PORT_COAP: u16 = 5683;
/// Default port of `coaps` (RFC 7252 section 12.7).
pub const PORT_COAPS: u16 = 5684;
/// First of the 16 ports that 6LoWPAN compresses to four bits, and the default port of the oldest drafts.
pub const PORT_COMPRESSED_FIRST: u16 = 61616;
/// Last of those ports; Thread network management uses it.
pub const PORT_COMPRESSED_LAST: u16 = 61631;
/// Upper bound for a message where nothing is known of the path, bytes (RFC 7252 section 4.6).
pub const MESSAGE_SIZE_BOUND: usize = 1152;
/// Upper bound for its payload, bytes (RFC 7252 section 4.6).
pub const PAYLOAD_SIZE_BOUND: usize = 1024;
/// Longest plain token, bytes (RFC 7252 section 3).
pub const TOKEN_BOUND: u8 = 8;
/// Freshness of a response without Max-Age, seconds (RFC 7252 section 5.10.5).
pub const DEFAULT_MAX_AGE: u32 = 60;
/// After this silence any notification is newer, nanoseconds (RFC 7641 section 3.4).
pub const OBSERVE_REORDER_WINDOW: i64 = 128 * SECOND;
/// A server's longest time between Confirmable notifications, nanoseconds (RFC 7641 section 4.5).
pub const OBSERVE_CONFIRMABLE_INTERVAL: i64 = 24 * 3600 * SECOND;
/// Shortest time between Non-confirmable notifications without a round-trip estimate, nanoseconds (RFC 7641 section 4.5.1).
pub const OBSERVE_NON_INTERVAL: i64 = 3 * SECOND;
/// Time before the token of a multicast request may return, nanoseconds (RFC 7390 section 2.5).
pub const MULTICAST_TOKEN_LIFETIME: i64 = 250 * SECOND;
/// Messages in one set of Q-Block transfer (RFC 9177 section 7.2).
pub const MAX_PAYLOADS: u32 = 10;
/// Largest response that any server may give to an address that it has not verified, bytes (RFC 9175 section 2.4).
pub const AMPLIFICATION_SAFE_RESPONSE: usize = 136;
/// Largest ratio of response to request towards such an address (RFC 9175 section 2.4).
pub const AMPLIFICATION_FACTOR: u32 = 3;
/// Hop-Limit that a proxy starts with (RFC 8768 section 3).
pub const DEFAULT_HOP_LIMIT: u8 = 16;

/// Transmission parameters of RFC 7252 section 4.8. Times in nanoseconds. The default is the RFC's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// Shortest first wait for an ACK.
    pub ack_timeout: i64,
    /// The first wait is random between `ack_timeout` and `ack_timeout` times this; 1 or more.
    pub ack_random_factor: f64,
    /// Number of retransmissions after the first transmission.
    pub max_retransmit: u32,
    /// Interactions that a client may have open with one server.
    pub nstart: u32,
    /// Time over which answers to multicast spread.
    pub default_leisure: i64,
    /// Average rate towards an endpoint that stays silent, bytes a second.
    pub probing_rate: u32,
    /// Longest time that a datagram is under way (RFC 7252 section 4.8.2).
    pub max_latency: i64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            ack_timeout: 2 * SECOND,
            ack_random_factor: 1.5,
            max_retransmit: 4,
            nstart: 1,
            default_leisure: 5 * SECOND,
            probing_rate: 1,
            max_latency: 100 * SECOND,
        }
    }
}

impl Parameters {
    /// Longest first wait: ACK_TIMEOUT * ACK_RANDOM_FACTOR.
    pub fn max_ack_timeout(&self) -> i64 {
        scale(self.ack_timeout, self.ack_random_factor)
    }

    /// Time to turn a Confirmable message into its ACK: ACK_TIMEOUT.
    pub fn processing_delay(&self) -> i64 {
        self.ack_timeout
    }

    /// First to last transmission of a Confirmable message, at most.
    pub fn max_transmit_span(&self) -> i64 {
        scale(self.max_ack_timeout(), waits(self.max_retransmit))
    }

    /// First transmission until the sender gives up, at most.
    pub fn max_transmit_wait(&self) -> i64 {
        scale(self.max_ack_timeout(), waits(self.max_retransmit.saturating_add(1)))
    }

    /// Longest round trip.
    pub fn max_rtt(&self) -> i64 {
        self.max_latency.saturating_mul(2).saturating_add(self.processing_delay())
    }

    /// How long the Message ID of a Confirmable message stays taken.
    pub fn exchange_lifetime(&self) -> i64 {
        self.max_transmit_span().saturating_add(self.max_rtt())
    }

    /// How long the Message ID of a Non-confirmable message stays taken.
    pub fn non_lifetime(&self) -> i64 {
        self.max_transmit_span().saturating_add(self.max_latency)
    }

    /// Earliest and latest wait before retransmission `n` (from 1), counted from the copy before it.
    pub fn retransmission_gap(&self, n: u32) -> (i64, i64) {
        let factor = 2f64.powi(i32::try_from(n.saturating_sub(1)).unwrap_or(i32::MAX));
        (scale(self.ack_timeout, factor), scale(self.max_ack_timeout(), factor))
    }

    /// Earliest and latest time of retransmission `n` (from 1), counted from the first transmission.
    pub fn retransmission_time(&self, n: u32) -> (i64, i64) {
        (scale(self.ack_timeout, waits(n)), scale(self.max_ack_timeout(), waits(n)))
    }
}

/// 2^n - 1: the first `n` waits in units of the first.
fn waits(n: u32) -> f64 {
    2f64.powi(i32::try_from(n).unwrap_or(i32::MAX)) - 1.0
}

/// A time multiplied; saturates.
fn scale(time: i64, factor: f64) -> i64 {
    (time as f64 * factor).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_values_are_those_of_section_4_8_2() {
        let p = Parameters::default();
        let seconds =
            [p.max_transmit_span(), p.max_transmit_wait(), p.max_rtt(), p.exchange_lifetime(), p.non_lifetime()]
                .map(|t| t / SECOND);
        assert_eq!(seconds, [45, 93, 202, 247, 145]);
        assert_eq!(
            [1, 2, 3, 4].map(|n| p.retransmission_time(n)).map(|(a, b)| (a / SECOND, b / SECOND)),
            [(2, 3), (6, 9), (14, 21), (30, 45)]
        );
        assert_eq!(
            [1, 2, 3, 4].map(|n| p.retransmission_gap(n)).map(|(a, b)| (a / SECOND, b / SECOND)),
            [(2, 3), (4, 6), (8, 12), (16, 24)]
        );
    }
}
