//! Filtering by what is selected: only that, or all but that, beside what is filtered already.

use super::action::View;
use super::app::{App, Pane};
use super::tables::exchange_of;
use crate::coap::Rule;
use crate::filter::Filter;
use crate::pipeline::Sweep;
use crate::render::ladder::Scope;
use crate::tracking::{ExchangeId, NO_RECORD, RecordId};

/// Messages of an exchange that are looked through for what speaks of them, the latest ones.
const MEMBERS: usize = 4096;
/// All of an exchange, with what speaks of it.
const WHOLE: &str = "whole_exchange(";

/// The test for all of the exchange in which a message passes one.
fn whole(test: &str) -> String {
    format!("{WHOLE}{test})")
}

/// The test for all but what passes one.
fn denied(test: &str) -> String {
    if test.starts_with(WHOLE) { format!("!{test}") } else { format!("!({test})") }
}

/// What passes a test is left out by a filter whose parts these are.
fn is_left_out(parts: &[String], test: &str) -> bool {
    [test, &whole(test)].iter().any(|test| parts.contains(&denied(test)))
}

impl App {
    /// Filter to what is selected, or it out: in the list the exchange, in the tree and the bytes the field.
    pub(super) fn filter_by_selection(&mut self, out: bool) {
        if self.view == View::Flow && self.focus == Pane::List && *self.flow.ladder.scope() != Scope::All {
            return self.say("only one exchange is shown: without it nothing would be; = or Esc shows all again");
        }
        let test = match self.focus {
            Pane::List => self.exchange_test(),
            // Below a table no field is seen.
            Pane::Tree if self.view.is_table() => self.exchange_test(),
            Pane::Tree | Pane::Bytes => self.field_test(),
        };
        let Some(test) = test else {
            let why = if self.focus == Pane::List || self.view.is_table() {
                "this message is of no exchange; Enter, then = on a field of its tree"
            } else {
                "nothing here that can be filtered by; go to a field in the tree"
            };
            return self.say(why);
        };
        let before = conjuncts(self.filter.text());
        let has =
            |test: &str| before.iter().any(|known| known == test || *known == whole(test) || whole(known) == test);
        if has(&test) {
            let how = if self.view == View::Messages { "Esc" } else { "1, then Esc" };
            return self.say(if out {
                format!("the filter shows {test} alone: without it nothing would be left; {how} takes it away")
            } else {
                format!("the filter shows {test} alone already")
            });
        }
        // What is selected may have been left out already, where the filter is not applied yet.
        if !out && is_left_out(&before, &test) {
            return self.say(format!("the filter leaves out {test}: with it alone nothing would be left"));
        }
        let test = if out { denied(&test) } else { test };
        if before.contains(&test) {
            return self.say(format!("the filter has {test} already"));
        }
        let text = before.iter().map(|known| bound(known)).chain([test]).collect::<Vec<_>>().join(" && ");
        match Filter::parse(&text) {
            Ok(filter) => {
                self.apply_filter(filter);
                self.say(format!("filter: {text}"));
            }
            Err(error) => self.say(format!("{text}: {error}")),
        }
    }

    fn exchange_test(&self) -> Option<String> {
        let record = self.store.get(self.list.selected?)?;
        let exchange = exchange_of(&self.store, &record);
        let test = (exchange.0 != 0).then(|| format!("coapscope.exchange == {}", exchange.0))?;
        // What speaks of it is of no exchange itself.
        Some(if record.exchange != exchange || self.is_spoken_of(exchange) { whole(&test) } else { test })
    }

    /// An ICMP error quotes a message of the exchange.
    fn is_spoken_of(&self, exchange: ExchangeId) -> bool {
        let store = &self.store;
        let last = store.exchange(exchange).map_or(NO_RECORD, |row| row.last);
        let before =
            |id: &RecordId| store.get(*id).map(|record| record.previous_in_exchange).filter(|id| *id != NO_RECORD);
        let mut members = std::iter::successors(Some(last).filter(|id| *id != NO_RECORD), before).take(MEMBERS);
        members.any(|id| store.is_found(id, Rule::IcmpUnreachable))
    }

    /// The test for the value of the selected field, or of the one it stands in. The message passes it.
    fn field_test(&mut self) -> Option<String> {
        let id = self.list.selected?;
        let occurrence = self.detail.occurrence()?;
        let view = self.fetcher.view(&self.store, id).ok()??;
        let test = occurrence.test(&view)?;
        let filter = Filter::parse(&test).ok()?;
        // What is looked at may be a member with a name that no filter can name, or a number that is rounded.
        let passes = filter.passes(&self.store, id, &mut Sweep::new(&self.fetcher), &filter.groups());
        passes.unwrap_or(false).then_some(test)
    }
}

/// What all has to hold for a filter to let a message through: its parts between `&&` that nothing encloses, or all of it where another
/// word joins them.
fn conjuncts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0usize;
    let mut quote = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\\', Some(_)) => {
                parts
                    .last_mut()
                    .into_iter()
                    .for_each(|part| part.extend([Some(letter), letters.peek().copied()].into_iter().flatten()));
                letters.next();
                continue;
            }
            (_, Some(open)) => quote = Some(open).filter(|open| *open != letter),
            ('"' | '\'', None) => quote = Some(letter),
            ('(' | '[' | '{', None) => depth += 1,
            (')' | ']' | '}', None) => depth = depth.saturating_sub(1),
            ('&', None) if depth == 0 && letters.peek() == Some(&'&') => {
                letters.next();
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().into_iter().for_each(|part| part.push(letter));
    }
    if parts.iter().any(|part| is_joined(part)) {
        parts = vec![text.to_owned()];
    }
    parts.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Words that join tests, or deny them, besides `&&`.
const JOINING: [&str; 5] = ["and", "or", "xor", "||", "^^"];

/// Other words join its parts: it may be less than what has to hold.
fn is_joined(text: &str) -> bool {
    let bare = text.replace("||", " || ").replace("^^", " ^^ ");
    bare.split_whitespace().any(|word| JOINING.iter().any(|join| word.eq_ignore_ascii_case(join)))
}

/// A part that stands beside others.
fn bound(part: &str) -> String {
    if is_joined(part) { format!("({part})") } else { part.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_filtered_out_is_known() {
        let parts = |text: &str| conjuncts(text);
        let (one, all) = ("coapscope.exchange == 16", "whole_exchange(coapscope.exchange == 16)");
        for (filter, test, is_out) in [
            ("!(coapscope.exchange == 16)", one, true),
            ("coap.type == 0 && !whole_exchange(coapscope.exchange == 16)", all, true),
            ("!whole_exchange(coapscope.exchange == 16)", one, true),
            // The errors that speak of it are left.
            ("!(coapscope.exchange == 16)", all, false),
            ("!(coapscope.exchange == 17)", one, false),
            (one, one, false),
        ] {
            assert_eq!(is_left_out(&parts(filter), test), is_out, "{filter}: {test}");
        }
    }

    #[test]
    fn a_filter_is_what_has_to_hold() {
        for (text, parts) in [
            ("", &[][..]),
            ("coap.mid == 1", &["coap.mid == 1"]),
            ("a == 1 && !(b == 2) && c", &["a == 1", "!(b == 2)", "c"]),
            ("a == \"x && y\" && b", &["a == \"x && y\"", "b"]),
            ("a == \"x\\\" && y\"", &["a == \"x\\\" && y\""]),
            ("a && b || c", &["a && b || c"]),
            ("a and b", &["a and b"]),
            ("(a || b) && c", &["(a || b) && c"]),
        ] {
            assert_eq!(conjuncts(text), parts, "{text}");
        }
        assert_eq!((bound("a or b"), bound("a == 1")), ("(a or b)".into(), "a == 1".into()));
    }
}
