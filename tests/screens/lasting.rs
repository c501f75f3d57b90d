//! Times from nanoseconds to weeks: whatever the width, none is cut, and columns stay in line.

use super::chart::{Sender, made};
use super::script::Scene;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A request and its copies, an observation with its notifications, seconds, minutes, hours and days apart.
fn capture(folder: &tempfile::TempDir) -> std::path::PathBuf {
    use Sender::{Client, Server};
    let messages = [
        (0, Client(40000), "4101000161605177"),
        (10, Server(40000), "61450001616101ff30"),
        (65_500, Server(40000), "51450050616102ff31"),
        (12 * MINUTE, Server(40000), "51450051616103ff31"),
        (3 * HOUR + 65_000, Server(40000), "51450052616104ff31"),
        (30 * HOUR, Server(40000), "51450053616105ff31"),
        (40 * DAY, Server(40000), "51450054616106ff31"),
        (40 * DAY + 10, Client(40000), "4101000262b178"),
        (40 * DAY + 70_010, Client(40000), "4101000262b178"),
        (40 * DAY + 200_010, Server(40000), "6145000262ff78"),
        (41 * DAY, Client(40000), "4101000363b178"),
        (43 * DAY, Client(40000), "4101000464b178"),
        (43 * DAY + 15 * MINUTE, Server(40000), "6145000464ff78"),
    ];
    made(folder, &messages)
}

/// `+1.24ms`, `+65.5s`, `+4min07s`, `+3h01min`, `+14d`: whole.
fn is_whole(word: &str) -> bool {
    let number = word.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    let units = ["ns", "us", "ms", "s", "min", "h", "d"];
    let (rest, word_length) = (number, word.len());
    let split = |unit: &str| {
        rest.strip_prefix(unit).map(|rest| rest.trim_start_matches(|letter: char| letter.is_ascii_digit()))
    };
    let two = |unit: &str, second: &str| {
        split(unit).is_some_and(|left| left == second && rest.len() == unit.len() + 2 + second.len())
    };
    rest.len() < word_length && (units.contains(&rest) || two("min", "s") || two("h", "min"))
}

#[test]
fn no_duration_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = capture(&folder);
    let mut durations = 0;
    for keys in ["", "d", "f", "3 j", "3 G", "4"] {
        let sizes: Vec<(u16, u16)> = (60..=140).step_by(5).map(|width| (width, 30)).collect();
        let film = sizes.iter().fold(Scene::file(&path).keys(keys), |scene, size| scene.resize(*size)).run();
        for (frame, size) in film.frames[film.frames.len() - sizes.len()..].iter().zip(&sizes) {
            for word in frame.split_whitespace() {
                let Some(time) =
                    word.strip_prefix('+').filter(|time| time.starts_with(|letter: char| letter.is_ascii_digit()))
                else {
                    continue;
                };
                // `+2.04 s` has its unit in the next word, a step of the Observe number none.
                let bare = time.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
                assert!(bare || is_whole(time) || time.contains('\u{2026}'), "{keys} at {size:?}: {word}\n{frame}");
                durations += 1;
            }
        }
    }
    assert!(durations > 200, "{durations}");
}

#[test]
fn columns_below_a_table_stay_in_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = capture(&folder);
    for (keys, least) in [("4", 5), ("4 t t t", 5), ("3 j", 3), ("3 G", 1)] {
        for size in [(80, 36), (110, 36), (120, 36)] {
            let film = Scene::file(&path).at(size).keys(keys).run();
            let lower: Vec<&str> =
                film.last().lines().skip_while(|row| !row.starts_with("\u{2500}\u{2500} ")).collect();
            let types = lower.iter().filter(|row| {
                let own = row.trim_start_matches(['\u{25b6}', ' ', '#']);
                own.starts_with(|letter: char| letter.is_ascii_digit())
            });
            let columns: Vec<usize> = types
                .filter_map(|row| {
                    ["CON", "NON", "ACK"]
                        .iter()
                        .find_map(|word| row.find(&format!(" {word} ")))
                        .map(|at| row[..at].chars().count())
                })
                .collect();
            assert!(columns.len() >= least, "{keys}:\n{}", film.last());
            assert!(columns.iter().all(|column| *column == columns[0]), "{keys} at {size:?}:\n{}", film.last());
        }
    }
}

#[test]
fn a_fresh_value_is_drawn_until_it_is_old_or_the_capture_ends() {
    use Sender::{Client, Server};
    let ask = (0, Client(40000), "4101000161605177");
    let answer = (10, Server(40000), "61450001616101ff30");
    // Ended by a deregistration or not: a ping comes so many milliseconds after, the axis ends then or with Max-Age.
    for (deregistered, after, end) in
        [(false, 20_000, "20.000"), (false, 90_000, "60.010"), (true, 20_000, "20.000"), (true, 90_000, "60.010")]
    {
        let mut messages = vec![ask, answer];
        if deregistered {
            messages.extend([(1000, Client(40000), "410100026161015177"), (1010, Server(40000), "6145000261ff30")]);
        }
        messages.push((after, Client(40009), "40000009"));
        let folder = tempfile::tempdir().unwrap();
        let film = Scene::file(&made(&folder, &messages)).at((120, 36)).keys("4").run();
        let line = |name: &str| {
            film.last()
                .lines()
                .find(|row| row.trim_start().starts_with(name))
                .unwrap_or_else(|| panic!("{}", film.last()))
        };
        assert!(line("time 0").ends_with(end), "{deregistered} {after}:\n{}", film.last());
        assert!(line("fresh").ends_with("==="), "{}", film.last());
    }
}

#[test]
fn what_just_began_has_waited_for_no_time() {
    use Sender::Client;
    let folder = tempfile::tempdir().unwrap();
    let film = Scene::file(&made(&folder, &[(0, Client(40000), "4101000161b177")])).keys("3").run();
    let row = film.last().lines().nth(2).unwrap();
    assert!(row.ends_with(">0s open"), "{row}");
}
