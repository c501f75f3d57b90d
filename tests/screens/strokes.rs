//! Keys by the names that the table of keys has for them.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Keys by name, blanks between them; single letters may stand together.
pub fn keys_of(keys: &str) -> impl Iterator<Item = KeyEvent> {
    let named = |word: &str| {
        word.len() > 1
            && (["C-", "M-", "F1", "F5"].iter().any(|start| word.starts_with(start))
                || word.starts_with("S-")
                || word.chars().nth(1).is_some_and(char::is_lowercase) && word.starts_with(char::is_uppercase))
    };
    // `20G` stands for the keys that go to frame 20.
    let is_frame = |number: &&str| number.parse::<u32>().is_ok() && !number.starts_with('0');
    let frame = |word: &str| word.strip_suffix('G').filter(is_frame).map(str::to_owned);
    let spelled: Vec<String> = keys
        .split_whitespace()
        .map(|word| frame(word).map_or_else(|| word.to_owned(), |n| format!(":{n} Enter")))
        .collect();
    let spelled = spelled.join(" ");
    let names = spelled
        .split_whitespace()
        .flat_map(|word| if named(word) { vec![word.to_owned()] } else { word.chars().map(String::from).collect() });
    names.map(|name| key(&name)).collect::<Vec<_>>().into_iter()
}

/// A key by the name that the table has for it.
fn key(name: &str) -> KeyEvent {
    if let Some(letter) = name.strip_prefix("C-") {
        return KeyEvent::new(KeyCode::Char(letter.chars().next().unwrap()), KeyModifiers::CONTROL);
    }
    if let Some(letter) = name.strip_prefix("M-") {
        return KeyEvent::new(KeyCode::Char(letter.chars().next().unwrap()), KeyModifiers::ALT);
    }
    let code = match name {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "S-Tab" => KeyCode::BackTab,
        "Backspace" => KeyCode::Backspace,
        "PgDn" => KeyCode::PageDown,
        "PgUp" => KeyCode::PageUp,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "F1" => KeyCode::F(1),
        "F5" => KeyCode::F(5),
        "Space" => KeyCode::Char(' '),
        "Insert" => KeyCode::Insert,
        "Delete" => KeyCode::Delete,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        letter => KeyCode::Char(letter.chars().next().unwrap()),
    };
    KeyEvent::new(code, KeyModifiers::NONE)
}
