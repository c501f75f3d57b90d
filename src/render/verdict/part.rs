//! The part that an endpoint played, as a verdict tells it.

use crate::tracking::EndpointId;

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
        for (client, server) in exchanges {
            if let Some(part) = parts.get_mut(client.0 as usize) {
                part.asks += 1;
            }
            if let Some(part) = parts.get_mut(server.0 as usize) {
                part.asked += 1;
            }
        }
        parts
    }

    /// In words: "was sent 3 requests".
    pub fn words(self) -> String {
        let requests = |count: u32| if count == 1 { "1 request".to_owned() } else { format!("{count} requests") };
        match (self.asked, self.asks) {
            (0, 0) => "no well-formed request of this capture came from it, or went to its own address and port".into(),
            (0, asks) => format!("sent {}", requests(asks)),
            (asked, 0) => format!("was sent {}", requests(asked)),
            (asked, asks) => format!("was sent {}, and sent {}", requests(asked), requests(asks)),
        }
    }
}
