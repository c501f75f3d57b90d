//! The display filter: Wireshark's language over the fields of `field/`, and relations that Wireshark lacks.
//!
//! [`Filter::parse`] takes text apart and makes it ready, or says what is wrong and where. A filter that is ready asks as little as it
//! can: what the record and the tables know is asked first, the message is read and decoded only where that leaves the answer open.
//!
//! ```
//! use coapscope::filter::Filter;
//!
//! let filter = Filter::parse("coap.code == 2.05 && coap.opt.uri_path contains \"temp\"").unwrap();
//! assert!(!filter.known_later());
//! let error = Filter::parse("coap.mit == 5").unwrap_err();
//! assert_eq!(error.to_string(), "no field is called `coap.mit`; did you mean coap.mid? (at character 1)");
//! ```

mod compile;
mod error;
mod expr;
mod help;
mod item;
mod lex;
mod literal;
mod odd;
mod operand;
mod parse;
mod quick;
mod relation;
mod select;
mod sides;
mod versions;
mod worked;

pub use error::{Fault, FilterError};
pub use help::{Proposal, names, operators, propose, quoted};
pub use relation::Groups;
pub use select::Selection;

use compile::Compiler;
use quick::Asked;
use relation::Relation;

/// A filter, ready for use. Cheap to share: nothing in it changes.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    /// None lets everything through.
    test: Option<Asked>,
    relations: Vec<Relation>,
}

impl Filter {
    /// Makes a filter ready. An empty one lets everything through.
    ///
    /// # Errors
    /// What is wrong with the text, and where.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut compiler = Compiler::new(text);
        let test = parse::parse(text)?.map(|node| compiler.test(&node)).transpose()?.map(Asked::new);
        Ok(Self { text: text.to_owned(), test, relations: compiler.relations })
    }

    /// The text that it was made from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// It lets everything through.
    pub fn is_empty(&self) -> bool {
        self.test.is_none()
    }

    /// Which groups of messages are chosen as a whole may change with what becomes known of earlier ones.
    pub fn notes_later(&self) -> bool {
        self.relations.iter().any(|relation| relation.test.expr.known_later())
    }

    /// Which groups of messages are chosen as a whole may depend on others that are.
    pub fn notes_groups(&self) -> bool {
        self.relations.len() > 1
    }

    /// What it says of a message may change with what comes after the message.
    pub fn known_later(&self) -> bool {
        !self.relations.is_empty() || self.test.as_ref().is_some_and(|asked| asked.expr.known_later())
    }
}
