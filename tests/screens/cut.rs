//! Nothing is cut off without a sign: every word on a narrow screen is one that a wide screen has, or bears the sign.

use std::collections::{BTreeMap, BTreeSet};

use super::script::Scene;

/// Screens that are wide enough for every word, and those on which less is shown in another way.
const WIDE: &[(u16, u16)] =
    &[(250, 80), (250, 24), (250, 36), (160, 80), (120, 36), (120, 80), (104, 80), (80, 80), (80, 24)];

/// Captures, and keys that lead to what is to be seen.
const SCENES: &[(&str, &str)] = &[
    ("04-retransmit-libcoap.client.pcap", "]]]"),
    ("07-formats.pcap", "9G Enter zR j j j j j j j"),
    ("04-reorder.client.pcap", "11G f"),
    ("08-multicast-v6.pcap", "f"),
    ("04-retransmit-libcoap.client.pcap", "]]] 3"),
    ("08-multicast-v6.pcap", "3 b"),
    ("04-reorder.client.pcap", "11G 4"),
    ("04-reorder.client.pcap", "11G 5"),
    ("04-reorder.client.pcap", "?"),
    ("04-reorder.client.pcap", "/ c o a p . x"),
];

/// What may stand for something longer: times with fewer digits, durations without their blank, names of endpoints, the end of an
/// address, numbers of rows.
fn is_short_form(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|letter| letter.is_ascii_digit());
    let number = |text: &str| match text.trim_start_matches(['+', '>', '-']).split_once('.') {
        Some((whole, parts)) => digits(whole) && digits(parts),
        None => digits(text.trim_start_matches(['+', '>', '-'])),
    };
    let name = |text: &str| text.strip_prefix(['c', 's', 'e']).is_some_and(digits);
    let with_unit = ["us", "ms", "s"].iter().any(|unit| word.strip_suffix(unit).is_some_and(number));
    let seconds = number(word) && word.split_once('.').is_some_and(|(_, parts)| parts.len() == 3);
    let ends = word.split_once(['<', '>']).is_some_and(|(one, other)| name(one) && name(other));
    let address = word
        .strip_prefix(['.', ':'])
        .is_some_and(|rest| rest.split(['.', ':']).all(|part| digits(part) || part.is_empty()));
    // Lanes beside those that are shown.
    let lanes = digits(word.trim_start_matches('\u{ab}').trim_end_matches('\u{bb}')) && !digits(word);
    lanes || seconds || with_unit || ends || name(word) || address
}

/// Rows of bytes have as many of them as fit.
fn is_of_bytes(row: &str) -> bool {
    let mut words = row.trim_start_matches(['\u{25b6}', ' ']).split([' ', '[', ']']).filter(|word| !word.is_empty());
    let is_hex = |word: &str, length| word.len() == length && u32::from_str_radix(word, 16).is_ok();
    words.next().is_some_and(|word| is_hex(word, 4)) && words.next().is_some_and(|word| is_hex(word, 2))
}

/// Words with a letter or a digit in them, lines and arrows taken off.
fn words(frame: &str) -> BTreeSet<String> {
    let is_drawn = |letter: char| {
        letter.is_whitespace() || ('\u{2500}'..='\u{25ff}').contains(&letter) || "=\u{2022}".contains(letter)
    };
    // How far the help page was scrolled depends on its rows.
    // And so does how many lines of a pane are hidden.
    let is_count = |row: &&str| row.starts_with(" rows ") || row.starts_with(" \u{2026} ");
    let rows = frame.lines().filter(|row| !is_of_bytes(row) && !is_count(row));
    let words = rows.flat_map(|row| row.split(is_drawn)).filter(|word| word.chars().any(char::is_alphanumeric));
    // Signs of a chart.
    let words = words.filter(|word| !word.chars().all(|letter| "ox".contains(letter)));
    words.map(str::to_owned).collect()
}

/// The sign of what is cut; labels of arrows have two dots.
fn has_sign(word: &str) -> bool {
    word.contains('\u{2026}') || word.contains("..")
}

#[test]
fn what_is_cut_bears_a_sign() {
    let (mut signs, mut frames) = (0, 0);
    let mut odd: BTreeMap<String, String> = BTreeMap::new();
    for (capture, keys) in SCENES {
        let mut sizes = WIDE.to_vec();
        for width in 40..=140 {
            sizes.push((width, 24));
            sizes.push((width, [36, 9, 12, 60][usize::from(width) % 4]));
        }
        let scene = Scene::lab(capture).keys(keys).wait();
        let film = sizes.iter().fold(scene, |scene, size| scene.resize(*size)).run();
        let drawn = &film.frames[film.frames.len() - sizes.len()..];
        let known: BTreeSet<String> = drawn[..WIDE.len()].iter().flat_map(|frame| words(frame)).collect();
        assert!(known.len() > 40, "{capture} {keys}: hardly a word\n{}", drawn[0]);
        for (frame, size) in drawn.iter().zip(&sizes).skip(WIDE.len()) {
            for word in words(frame) {
                signs += usize::from(has_sign(&word));
                if !(known.contains(&word) || has_sign(&word) || is_short_form(&word)) {
                    odd.entry(word).or_insert_with(|| format!("{capture} {keys} at {size:?}:\n{frame}"));
                }
            }
            frames += 1;
        }
    }
    println!("{frames} frames, {signs} words with a sign");
    let words: Vec<&String> = odd.keys().collect();
    assert!(odd.is_empty(), "on no wide screen: {words:?}; {}", odd.values().next().unwrap());
    assert!(signs > 1000, "{signs} words were cut: the screens were not narrow");
}
