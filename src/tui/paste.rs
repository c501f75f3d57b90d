//! What is pasted: text for the line that is typed in, and nothing anywhere else.

use tui_input::Input;

use super::app::App;

impl App {
    /// A text was pasted: it goes into the line that is open. The keys that it is made of are pressed by nobody.
    pub fn paste(&mut self, text: &str) {
        match self.overlay.input() {
            Some(input) => insert(input, &harmless(text)),
            None => self.say("pasted text is not taken for keys; open a line for it with / C-f or :"),
        }
    }
}

/// The text in one line: a run of line breaks, tabs and other control characters is one blank inside of it, and nothing at its ends.
fn harmless(text: &str) -> String {
    let parts = text.split(char::is_control).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// Put a text in at the cursor.
fn insert(input: &mut Input, text: &str) {
    let cursor = input.cursor();
    let at = input.value().char_indices().nth(cursor).map_or(input.value().len(), |(at, _)| at);
    let mut value = input.value().to_owned();
    value.insert_str(at, text);
    *input = Input::new(value).with_cursor(cursor + text.chars().count());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_and_other_controls_become_blanks() {
        for (pasted, expected) in [
            ("coap.code == 1\n", "coap.code == 1"),
            ("\r\na ||\r\n\tb\r\n", "a || b"),
            ("a\x1b[31mb\x07", "a [31mb"),
            ("\n", ""),
            ("\u{4f60}\u{597d}", "\u{4f60}\u{597d}"),
        ] {
            assert_eq!(harmless(pasted), expected, "{pasted:?}");
        }
    }

    #[test]
    fn text_goes_in_at_the_cursor() {
        let mut input = Input::new("\u{fc}b".into()).with_cursor(1);
        insert(&mut input, "xy");
        assert_eq!((input.value(), input.cursor()), ("\u{fc}xyb", 3));
    }
}
