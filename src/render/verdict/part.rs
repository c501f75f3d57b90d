//! The part that an endpoint played, as a verdict tells it.

use crate::tracking::EndpointId;

/// Ports that are named of a device.
const PORTS: usize = 4;

/// What an endpoint did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Requests that it was sent; repeats not counted.
    pub asked: u32,
    /// Requests that it sent; repeats not counted.
    pub asks: u32,
}

impl Part {
    /// What each of so many endpoints did, by the client and the server of each exchange.
    pub fn of_all(endpoints: usize, exchanges: impl Iterator<Item = (EndpointId, EndpointId)>) -> Vec<Self> {
        let mut parts = vec![Self::default(); endpoints];
        exchanges.for_each(|(client, server)| Self::count(&mut parts, client, server));
        parts
    }

    /// Count an exchange.
    pub fn count(parts: &mut [Self], client: EndpointId, server: EndpointId) {
        if let Some(part) = parts.get_mut(client.0 as usize) {
            part.asks += 1;
        }
        if let Some(part) = parts.get_mut(server.0 as usize) {
            part.asked += 1;
        }
    }

    /// What the endpoints of one device did, each with its port, in words: "was sent 3 requests at port 5683".
    pub fn words_of_all(parts: &[(u16, Self)]) -> String {
        let part = |count: &dyn Fn(&Self) -> u32, verb: &str, at: &str| {
            let mut ports: Vec<u16> = parts.iter().filter(|(_, part)| count(part) > 0).map(|(port, _)| *port).collect();
            ports.sort_unstable();
            let sum = parts.iter().map(|(_, part)| count(part)).sum();
            (sum > 0).then(|| format!("{verb} {} {at} {}", requests(sum), listed(&ports)))
        };
        match (part(&|part| part.asked, "was sent", "at"), part(&|part| part.asks, "sent", "from")) {
            (None, None) => "no well-formed request of this capture came from it, or went to its own address".into(),
            (Some(only), None) | (None, Some(only)) => only,
            (Some(asked), Some(asks)) => format!("{asked}, and {asks}"),
        }
    }

    /// What it did, in words that say that they speak of the whole capture, which was not judged whole.
    pub fn of_whole(words: String, parts: &[Self]) -> String {
        let did_nothing = parts.iter().all(|part| *part == Self::default());
        if did_nothing { words } else { format!("{words} in the whole capture") }
    }

    /// In words: "was sent 3 requests".
    pub fn words(self) -> String {
        match (self.asked, self.asks) {
            (0, 0) => "no well-formed request of this capture came from it, or went to its own address and port".into(),
            (0, asks) => format!("sent {}", requests(asks)),
            (asked, 0) => format!("was sent {}", requests(asked)),
            (asked, asks) => format!("was sent {}, and sent {}", requests(asked), requests(asks)),
        }
    }
}

fn requests(count: u32) -> String {
    if count == 1 { "1 request".to_owned() } else { format!("{count} requests") }
}

/// "ports 5683, 5684 and 3 more".
fn listed(ports: &[u16]) -> String {
    let shown: Vec<String> = ports.iter().take(PORTS).map(ToString::to_string).collect();
    let word = if ports.len() == 1 { "port" } else { "ports" };
    match ports.len().saturating_sub(PORTS) {
        0 => format!("{word} {}", shown.join(", ")),
        more => format!("{word} {} and {more} more", shown.join(", ")),
    }
}
