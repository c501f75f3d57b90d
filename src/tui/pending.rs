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

/// What the keyboard has half said: the first of two keys.
#[derive(Clone, Debug, Default)]
pub struct Pending {
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
    /// An action.
    Act(Action),
}

/// What a key of this name does at a place.
fn look_up(name: &str, place: Places) -> Pressed {
    let here = KEYS.iter().filter(|row| row.places.meet(place));
    here.filter_map(|row| action_of(row, name)).next().map_or(Pressed::Nothing, Pressed::Act)
}

impl Pending {
    /// Take a key that was pressed at `place`.
    pub fn press(&mut self, key: &KeyEvent, place: Places) -> Pressed {
        let Some(name) = name(key) else { return Pressed::Nothing };
        let single = name.chars().next().filter(|_| name.len() == 1);
        if let Some(first) = self.first.take() {
            return match name.as_str() {
                "Esc" => Pressed::Dropped,
                // What ends or stops the program does so at any time.
                name if name.starts_with("C-") => look_up(name, place),
                name => look_up(&format!("{first}{name}"), place),
            };
        }
        if let Some(character) = single.filter(|character| place.meet(Places::PANES) && begins_pair(*character)) {
            self.first = Some(character);
            return Pressed::More;
        }
        look_up(&name, place)
    }

    /// What was typed so far, to be shown.
    pub fn text(&self) -> String {
        self.first.map(String::from).unwrap_or_default()
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

    fn check(keys: &[&str], place: Places, expected: Pressed) {
        let mut pending = Pending::default();
        let last = keys.iter().map(|name| pending.press(&key(name), place)).last().unwrap();
        assert_eq!(last, expected, "{keys:?}");
    }

    #[test]
    fn keys_come_to_actions() {
        check(&["j"], Places::LIST, Pressed::Act(Action::Move(Motion::Down)));
        check(&["0"], Places::LIST, Pressed::Nothing);
        check(&["F"], Places::LIST, Pressed::Act(Action::Follow));
        check(&["3"], Places::LIST, Pressed::Act(Action::Show(View::Exchanges)));
        check(&["z"], Places::TREE, Pressed::More);
        check(&["z", "R"], Places::TREE, Pressed::Act(Action::UnfoldAll));
        check(&["z", "q"], Places::TREE, Pressed::Nothing);
        check(&["z", "Esc"], Places::TREE, Pressed::Dropped);
        check(&["z", "C-c"], Places::TREE, Pressed::Act(Action::Quit));
        check(&["m", "a"], Places::LIST, Pressed::Act(Action::Mark('a')));
        check(&["m", "Q"], Places::FLOW, Pressed::Act(Action::Mark('Q')));
        check(&["m", "5"], Places::LIST, Pressed::Nothing);
        check(&["m", "'"], Places::LIST, Pressed::Nothing);
        check(&["'", "z"], Places::FACTS, Pressed::Act(Action::ToMark('z')));
        check(&["'", "'"], Places::TREE, Pressed::Act(Action::Jump(Jump::Before)));
        // The first letter of a key's name begins no pair.
        check(&["U"], Places::LIST, Pressed::Nothing);
        check(&["C-d"], Places::HELP, Pressed::Act(Action::Move(Motion::HalfDown)));
        check(&["Enter"], Places::PROMPT, Pressed::Act(Action::Accept));
        check(&["j"], Places::PROMPT, Pressed::Nothing);
    }
}
