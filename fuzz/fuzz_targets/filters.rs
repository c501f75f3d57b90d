//! Text as a display filter: any text is taken or refused with a place inside it; proposals stand inside it as well.
#![no_main]

use coapscope::filter::{Filter, propose};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Filter::parse(text) {
        Ok(filter) => assert_eq!(filter.text(), text),
        Err(error) => {
            assert!(text.get(error.span.clone()).is_some());
            assert!(error.carets(text, |_| 1).1.ends_with('^'));
            if let Some(word) = error.proposal() {
                let mut mended = text.to_owned();
                mended.replace_range(error.span.clone(), &word);
                let _ = Filter::parse(&mended);
            }
        }
    }
    for proposal in propose(text, text.len()) {
        assert!(text.get(proposal.replaces).is_some());
    }
});
