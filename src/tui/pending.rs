//! Keys as they are typed: their names, those of two characters, and what they come to.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::Action;
use super::keymap::{Binding, KEYS};
use super::places::Places;

/// A key of two characters that are typed one after the other; the names of keys begin with a capital letter.
fn is_pair(key: &str) -> bool {
    key.len() == 2 && !key.starts_with(|first: char| first.is_ascii_uppercase())
}

/// Keys of several places that begin with this character and have a second one.
fn begins_pair(character: char) -> bool {
    KEYS.iter().flat_map(|row| row.keys).any(|key| is_pair(key) && key.starts_with(character))
}

/// What a row does at a key of this name, if it is one of its own.
fn action_of(row: &Binding, name: &str) -> Option<Action> {
    if row.keys.contains(&name) {
        return Some(row.action);
    }
    let mut characters = name.chars();
    let (first, letter) = (characters.next()?, characters.next()?);
    let is_lettered = name.len() == 2 && letter.is_ascii_alphabetic();
    let begins = row.keys.iter().any(|key| is_pair(key) && key.starts_with(first));
    row.action.with(letter).filter(|_| is_lettered && begins)
}

/// The name of a key: `j`, `G`, `C-d`, `S-Tab`, `PgDn`. `None` for those of a keyboard that no terminal sends, mostly.
pub fn name(key: &KeyEvent) -> Option<String> {
    let text = match key.code {
        KeyCode::Char(' ') => "Space".into(),
        // Terminals send the same for both, and it is the sign that is mostly meant.
        KeyCode::Char(digit @ '4'..='7') if key.modifiers.contains(KeyModifiers::CONTROL) => match digit {
            '4' => "\\",
            '5' => "]",
            '6' => "^",
            _ => "_",
        }
        .into(),
        KeyCode::Char(character) => character.to_string(),
        KeyCode::Enter => "Enter".into(),
        KeyCode::Esc => "Esc".into(),
        KeyCode::Tab => "Tab".into(),
        KeyCode::BackTab => return Some("S-Tab".into()),
        KeyCode::Backspace => "Backspace".into(),
        KeyCode::Up => "Up".into(),
        KeyCode::Down => "Down".into(),
        KeyCode::Left => "Left".into(),
        KeyCode::Right => "Right".into(),
        KeyCode::Home => "Home".into(),
        KeyCode::End => "End".into(),
        KeyCode::PageUp => "PgUp".into(),
        KeyCode::PageDown => "PgDn".into(),
        KeyCode::Insert => "Insert".into(),
        KeyCode::Delete => "Delete".into(),
        KeyCode::F(number) => format!("F{number}"),
        _ => return None,
    };
    if key.modifiers.contains(KeyModifiers::ALT) {
        return Some(format!("M-{text}"));
    }
    Some(if key.modifiers.contains(KeyModifiers::CONTROL) { format!("C-{}", text.to_lowercase()) } else { text })
}

/// Digits of a count that are kept; more of them stand for no other number.
const DIGITS: usize = 12;

/// What the keyboard has half said: a count, and the first of two keys.
#[derive(Clone, Debug, Default)]
pub struct Pending {
    count: String,
    first: Option<char>,
}

/// What a key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// Nothing is bound to it here.
    Nothing,
    /// More is to come.
    More,
    /// What was half typed is dropped.
    Dropped,
    /// An action, and the count that was typed before it.
    Act(Action, Option<usize>),
}

/// What a key of this name does at a place.
fn look_up(name: &str, place: Places) -> Option<Action> {
    KEYS.iter().filter(|row| row.places.meet(place)).find_map(|row| action_of(row, name))
}

impl Pending {
    /// Take a key that was pressed at `place`.
    pub fn press(&mut self, key: &KeyEvent, place: Places) -> Pressed {
        let Some(name) = name(key) else { return Pressed::Nothing };
        let single = name.chars().next().filter(|_| name.len() == 1);
        if self.first.is_none()
            && let Some(digit) = single.filter(char::is_ascii_digit)
            && (!self.count.is_empty() || look_up(&name, place) == Some(Action::Count))
        {
            if self.count.len() < DIGITS {
                self.count.push(digit);
            }
            return Pressed::More;
        }
        if let Some(first) = self.first.take() {
            return match name.as_str() {
                "Esc" => self.drop_all(),
                // What ends or stops the program does so at any time.
                name if name.starts_with("C-") => self.come_to(name, place),
                name => self.come_to(&format!("{first}{name}"), place),
            };
        }
        if name == "Esc" && !self.count.is_empty() {
            return self.drop_all();
        }
        if let Some(character) = single.filter(|character| place.meet(Places::PANES) && begins_pair(*character)) {
            self.first = Some(character);
            return Pressed::More;
        }
        self.come_to(&name, place)
    }

    fn drop_all(&mut self) -> Pressed {
        *self = Self::default();
        Pressed::Dropped
    }

    /// What a key of this name comes to, with the count.
    fn come_to(&mut self, name: &str, place: Places) -> Pressed {
        let count = Some(std::mem::take(&mut self.count)).filter(|count| !count.is_empty());
        let count = count.map(|digits| digits.parse().unwrap_or(usize::MAX));
        look_up(name, place).map_or(Pressed::Nothing, |action| Pressed::Act(action, count))
    }

    /// What was typed so far, to be shown.
    pub fn text(&self) -> String {
        self.count.chars().chain(self.first).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::action::{Jump, Motion, View};

    fn key(name: &str) -> KeyEvent {
        let (code, modifiers) = match name {
            "Enter" => (KeyCode::Enter, KeyModifiers::NONE),
            "Esc" => (KeyCode::Esc, KeyModifiers::NONE),
            "C-c" => (KeyCode::Char('c'), KeyModifiers::CONTROL),
            "C-d" => (KeyCode::Char('d'), KeyModifiers::CONTROL),
            other => (KeyCode::Char(other.chars().next().unwrap()), KeyModifiers::NONE),
        };
        KeyEvent::new(code, modifiers)
    }

    fn act(action: Action) -> Pressed {
        Pressed::Act(action, None)
    }

    fn check(keys: &[&str], place: Places, expected: Pressed) {
        let mut pending = Pending::default();
        let last = keys.iter().map(|name| pending.press(&key(name), place)).last().unwrap();
        assert_eq!(last, expected, "{keys:?}");
    }

    #[test]
    fn keys_come_to_actions() {
        check(&["j"], Places::LIST, act(Action::Move(Motion::Down)));
        check(&["F"], Places::LIST, act(Action::Follow));
        check(&["3"], Places::LIST, act(Action::Show(View::Exchanges)));
        check(&["z"], Places::TREE, Pressed::More);
        check(&["z", "R"], Places::TREE, act(Action::UnfoldAll));
        check(&["z", "q"], Places::TREE, Pressed::Nothing);
        check(&["z", "Esc"], Places::TREE, Pressed::Dropped);
        check(&["z", "C-c"], Places::TREE, act(Action::Quit));
        check(&["m", "a"], Places::LIST, act(Action::Mark('a')));
        check(&["m", "Q"], Places::FLOW, act(Action::Mark('Q')));
        check(&["m", "5"], Places::LIST, Pressed::Nothing);
        check(&["m", "'"], Places::LIST, Pressed::Nothing);
        check(&["'", "z"], Places::FACTS, act(Action::ToMark('z')));
        check(&["'", "'"], Places::TREE, act(Action::Jump(Jump::Before)));
        // The first letter of a key's name begins no pair.
        check(&["U"], Places::LIST, Pressed::Nothing);
        check(&["C-d"], Places::HELP, act(Action::Move(Motion::HalfDown)));
        check(&["Enter"], Places::PROMPT, act(Action::Accept));
        check(&["j"], Places::PROMPT, Pressed::Nothing);
    }

    #[test]
    fn a_count_begins_where_a_digit_is_nothing_else() {
        let moved = |motion, count| Pressed::Act(Action::Move(motion), Some(count));
        check(&["0"], Places::LIST, Pressed::More);
        check(&["7"], Places::TREE, Pressed::More);
        check(&["0", "5", "j"], Places::LIST, moved(Motion::Down, 5));
        check(&["0", "2", "0", "G"], Places::FLOW, moved(Motion::Last, 20));
        check(&["9", "1", "k"], Places::EXCHANGES, moved(Motion::Up, 91));
        check(&["5"], Places::LIST, act(Action::Show(View::Findings)));
        check(&["5"], Places::HELP, Pressed::Nothing);
        check(&["0", "5", "j"], Places::COMPARED, moved(Motion::Down, 5));
        check(&["0", "5", "z"], Places::TREE, Pressed::More);
        check(&["0", "5", "z", "R"], Places::TREE, Pressed::Act(Action::UnfoldAll, Some(5)));
        check(&["0", "5", "Esc"], Places::LIST, Pressed::Dropped);
        check(&["0", "5", "Esc", "j"], Places::LIST, act(Action::Move(Motion::Down)));
        check(&["0", "5", "z", "Esc", "j"], Places::LIST, act(Action::Move(Motion::Down)));
        check(&["0", "5", "C-c"], Places::LIST, Pressed::Act(Action::Quit, Some(5)));
        check(&["0"], Places::PROMPT, Pressed::Nothing);
        let nines = vec!["9"; 40];
        check(&[&nines[..], &["j"]].concat(), Places::LIST, moved(Motion::Down, 999_999_999_999));
    }
}
