//! Times and directions: those of the list and of the flow as drawn against those of `print -T json`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::script::Scene;
use super::truth::{BELOW, MESSAGES, Row, SIZE, captures, rows, told};

/// Nanoseconds since 1970.
pub fn time(object: &Value) -> i64 {
    let text = object["frame"]["time"].as_str().unwrap();
    chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_nanos_opt().unwrap()
}

/// The time of a row of the list, in microseconds.
pub fn seconds(row: &Row) -> i64 {
    micros(&row["Since #1"]).unwrap_or_else(|| panic!("{row:?}"))
}

/// `12.345678` in microseconds.
fn micros(text: &str) -> Option<i64> {
    let (whole, parts) = text.trim_start_matches('-').split_once('.').filter(|(_, parts)| parts.len() == 6)?;
    let magnitude = whole.parse::<i64>().ok()? * 1_000_000 + parts.parse::<i64>().ok()?;
    Some(if text.starts_with('-') { -magnitude } else { magnitude })
}

/// Name and place of both ends of a row, sender first; and whether they stand the other way round.
fn two_ends(row: &Row) -> Option<([(&str, &str); 2], bool)> {
    let words: Vec<&str> = row["Client > server"].split_whitespace().collect();
    match words[..] {
        [name, place, ">", other, there] => Some(([(name, place), (other, there)], false)),
        [name, place, "<", other, there] => Some(([(other, there), (name, place)], true)),
        _ => None,
    }
}

/// Sender and receiver stand where the arrow says, the client on the left where it is known; `None` where that is not so.
pub fn direction(object: &Value, row: &Row) -> Option<bool> {
    let ([(_, source), (_, destination)], turned) = two_ends(row)?;
    let is = |place: &str, of: &str| {
        let whole = object[of].as_str().unwrap();
        // Of long addresses the end is shown, behind dots that say so; ICMP has no port.
        let whole = whole.strip_suffix(":0").unwrap_or(whole).replace(['[', ']'], "");
        let bare = place.replace(['[', ']'], "");
        whole == bare || bare.strip_prefix("..").is_some_and(|end| end.starts_with(':') && whole.ends_with(end))
    };
    let role = object["role"].as_str().unwrap_or_default();
    let asks = ["request", "registration", "deregistration", "ping"].contains(&role);
    let answers = role.ends_with("-response") || role == "notification";
    let known = !object["exchange"].is_null() && (asks || answers);
    (is(source, "source") && is(destination, "destination") && (!known || turned == answers)).then_some(known)
}

#[test]
fn rows_of_the_flow_are_those_of_print() {
    let (mut times, mut arrows) = (0, 0);
    for path in captures() {
        let told = told(&path);
        let list = rows(&path, "", told.len(), MESSAGES);
        let by_number: BTreeMap<u64, &Value> =
            told.iter().filter_map(|object| Some((object["frame"]["number"].as_u64()?, object))).collect();
        let film = Scene::file(&path).at(SIZE).keys("f zb \\ g").keys(&"PgDn ".repeat(told.len() / 20 + 3)).run();
        let mut seen = BTreeSet::new();
        for frame in film
            .frames
            .iter()
            .filter(|frame| frame.lines().nth(1).is_some_and(|head| head.trim_start().starts_with("No !")))
        {
            let head: Vec<char> = frame.lines().nth(1).unwrap().chars().collect();
            let text: String = head.iter().collect();
            let lane = |name: &str| text.find(&format!(" {name} ")).map(|at| text[..at].chars().count());
            for line in frame.lines().skip(2).take(usize::from(SIZE.1) - 2 - BELOW) {
                let words: Vec<&str> =
                    line.trim_start_matches(['\u{25b6}', '\u{2022}', ' ']).split_whitespace().collect();
                let number = words.first().and_then(|word| word.parse::<u64>().ok());
                let Some(number) = number else { continue };
                let Some(object) = by_number.get(&number) else { continue };
                let Some(at) = words.iter().take(4).find_map(|word| micros(word)) else { continue };
                assert_eq!(at, seconds(&list[&number]), "{} frame {number}: {line}", path.display());
                times += usize::from(seen.insert(number));
                let Some(([(source, _), (destination, _)], _)) = two_ends(&list[&number]) else { continue };
                let (Some(from), Some(to)) = (lane(source), lane(destination)) else { continue };
                let heads = (
                    line.contains('\u{25b6}') && !line.starts_with('\u{25b6}') || line.matches('\u{25b6}').count() > 1,
                    line.contains('\u{25c0}'),
                );
                if object["kind"] == "message" && (heads.0 ^ heads.1) && from != to {
                    assert_eq!(heads.0, to > from, "{} frame {number}: {line}", path.display());
                    arrows += 1;
                }
            }
        }
        assert!(seen.len() * 10 >= told.len() * 9, "{}: {} of {} rows", path.display(), seen.len(), told.len());
    }
    println!("{times} rows of the flow have the times of print -T json, {arrows} arrows its directions");
    assert!(times > 1500 && arrows > 500, "{times}, {arrows}");
}
