//! An interface that can carry nothing.

use coapscope::capture::Carrier;
use coapscope::store::Summary;

use super::script::Scene;
use super::{SMALL, TINY, check};

#[test]
fn an_interface_that_is_down_says_so() {
    for (name, carrier, title) in [
        ("live-down", Carrier::Down, " LIVE eth0  DOWN"),
        ("live-unplugged", Carrier::Unplugged(Carrier::NEITHER), " LIVE eth0  NO LINK"),
    ] {
        let summary = Summary { carrier, ..Summary::default() };
        let film = check(name, SMALL, Scene::live().told(summary.clone(), None));
        assert!(film.last().starts_with(title), "{}", film.last());
        let film = Scene::live().told(summary.clone(), None).told(Summary::default(), None).run();
        assert!(film.last().starts_with(" LIVE eth0  0 msg") && film.last().contains("eth0 is up again"));
        let film = Scene::live().keys("p").told(summary, None).at(TINY).run();
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(film.last()).starts_with(&words(title)), "{}", film.last());
        assert!(words(film.last()).contains("nothing comes until"), "{}", film.last());
    }
}
