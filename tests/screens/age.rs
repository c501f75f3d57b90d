//! What time alone does to rows: a request that nobody answers is open, then slow, then timed out; a value outlives its Max-Age.

use super::chart::{Sender, made};
use super::script::Scene;
use super::truth::{EXCHANGES, OBSERVATIONS, Row, columns, cut};

/// The row with this number in front, as drawn.
fn row(frame: &str, heads: &[(&'static str, bool)], number: &str) -> Row {
    let mut lines = frame.lines().skip(1);
    let places = columns(lines.next().unwrap(), heads);
    let row = lines.map(|line| cut(line, &places, heads)).find(|row| row[heads[0].0] == number);
    row.unwrap_or_else(|| panic!("no row {number} in\n{frame}"))
}

/// Milliseconds after the request at which the capture ends; its state, how long it has waited, and the style of its row.
const WAITS: &[(u64, &str, &str, &str)] = &[
    (1_000, "open", ">1.00s", ""),
    (2_990, "open", ">2.99s", ""),
    (3_010, "slow", ">3.01s", "Magenta"),
    (92_000, "slow", ">92.0s", "Magenta"),
    (94_000, "timed-out", ">94.0s", "Red"),
    (500_000, "timed-out", ">8min20s", "Red"),
];

#[test]
fn a_request_without_an_answer_grows_old() {
    use Sender::{Client, Server};
    for (after, state, waited, colour) in WAITS {
        let folder = tempfile::tempdir().unwrap();
        let messages = [
            (0, Client(40000), "4101000161b177"),
            (*after - 10, Client(40009), "40000009"),
            (*after, Server(40009), "70000009"),
        ];
        let path = made(&folder, &messages);
        let film = Scene::file(&path).at((220, 36)).keys("3").run();
        let row = row(film.last(), EXCHANGES, "1");
        let seen = (row["State"].as_str(), row["Time"].as_str(), row["Reply"].as_str(), row["Cop"].as_str());
        assert_eq!(seen, (*state, *waited, "none", "1"), "{}", film.last());
        let line = film.last().lines().position(|line| line.contains(" GET /w")).unwrap();
        let styles = film.styles.lines().filter(|style| style.starts_with(&format!("{line:>2},")));
        let styles = styles.collect::<Vec<_>>().join("\n");
        let seen: Vec<&str> = ["Magenta", "Red"].into_iter().filter(|colour| styles.contains(colour)).collect();
        assert_eq!(seen.concat(), *colour, "{after}:\n{}", film.styles);
        for narrow in [(80, 24), (40, 12)] {
            let film = Scene::file(&path).at(narrow).keys("3").run();
            let line = film.last().lines().find(|line| line.contains("GET /w")).unwrap();
            assert!(line.trim_end().ends_with(state), "{narrow:?}: {line}");
        }
    }
}

#[test]
fn a_value_outlives_its_max_age() {
    use Sender::{Client, Server};
    // Max-Age is 5 in the notification; the first value has the default of 60.
    for (after, notified, age, end) in [
        (4_000, false, "3/60 s", "open"),
        (62_500, false, "62/60 s", "open, too old"),
        (6_900, true, "4/5 s", "open"),
        (8_000, true, "6/5 s", "open, too old"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut messages = vec![(0, Client(40000), "4101000161605177"), (10, Server(40000), "61450001616101ff30")];
        if notified {
            // Observe 2, Max-Age 5.
            messages.push((2_000, Server(40000), "514500506161028105ff31"));
        }
        messages.push((after, Client(40009), "40000009"));
        let film = Scene::file(&made(&folder, &messages)).at((220, 36)).keys("4").run();
        let row = row(film.last(), OBSERVATIONS, "1");
        assert_eq!((row["Age/Max"].as_str(), row["End"].as_str()), (age, end), "{after}:\n{}", film.last());
        assert_eq!(row["Dir"], "c1>s1", "{}", film.last());
        assert_eq!(row["Since"], "0.000", "{}", film.last());
    }
}
