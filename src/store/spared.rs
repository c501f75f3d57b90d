//! Requests that ask to be spared responses (No-Response, RFC 7967): where none came, nobody owes one.

use super::Store;
use crate::tracking::{ExchangeRow, ExchangeState, NO_RECORD};

/// Classes of responses by their bit in the option (RFC 7967 section 2.1).
const CLASSES: [(u8, &str); 3] = [(2, "2.xx"), (8, "4.xx"), (16, "5.xx")];

/// The classes of responses that a request asks to be spared: `2.xx and 4.xx`. `None` where it wants them all.
pub fn classes(row: &ExchangeRow) -> Option<String> {
    let spared: Vec<&str> =
        CLASSES.iter().filter(|(bit, _)| row.no_response & bit != 0).map(|(_, class)| *class).collect();
    match spared.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        [first, second] => Some(format!("{first} and {second}")),
        _ => Some("any".into()),
    }
}

/// No response came, and none of those may be owed that the request is to be spared: an acknowledgement is, where it is Confirmable.
pub fn is_spared(store: &Store, row: &ExchangeRow) -> bool {
    row.no_response != 0
        && row.response == NO_RECORD
        && match row.state {
            ExchangeState::Acknowledged => true,
            ExchangeState::Open | ExchangeState::TimedOut => {
                !row.confirmable || store.answered_by(row.request).is_some()
            }
            _ => false,
        }
        && classes(row).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_the_bits() {
        for (value, expected) in [
            (0, None),
            (1, None),
            (2, Some("2.xx")),
            (8, Some("4.xx")),
            (10, Some("2.xx and 4.xx")),
            (24, Some("4.xx and 5.xx")),
            (26, Some("any")),
            (127, Some("any")),
        ] {
            let row = ExchangeRow { no_response: value, response: NO_RECORD, ..ExchangeRow::default() };
            assert_eq!(classes(&row).as_deref(), expected, "{value}");
            assert_eq!(is_spared(&Store::default(), &row), expected.is_some(), "{value}");
            let confirmable = ExchangeRow { confirmable: true, ..row };
            assert!(!is_spared(&Store::default(), &confirmable), "{value}: no ACK came");
            let acknowledged = ExchangeRow { state: ExchangeState::Acknowledged, ..confirmable };
            assert_eq!(is_spared(&Store::default(), &acknowledged), expected.is_some(), "{value}");
            let answered = ExchangeRow { response: 1, ..row };
            assert!(!is_spared(&Store::default(), &answered), "{value}: a response came");
        }
    }
}
