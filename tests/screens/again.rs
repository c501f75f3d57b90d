//! What was looked at is there again where the capture is read again with another port.

use coapscope::tui::Outcome;

use super::script::Scene;
use super::selected_number;

const LAB: &str = "08-other-ports.pcap";

/// What the screen takes along when the other port is asked for after these keys.
fn taken(keys: &str, filter: &str) -> String {
    let scene = Scene::lab(LAB).keys(keys).keys("/ C-u").typed(filter).keys("Enter").wait();
    let film = scene.keys("D").run();
    let Outcome::Decode(_, taken) = film.outcome else { panic!("{:?}", film.outcome) };
    taken
}

#[test]
fn what_was_looked_at_is_there_again() {
    let all = Scene::lab(LAB).keys("G k").run();
    let frame = selected_number(all.last());
    for pieces in [2, 1000] {
        for view in ["1", "2", "3"] {
            let taken = taken(&format!("G k t t {view}"), "coap.version == 1");
            let film = Scene::lab(LAB).pieces(pieces).going_on_with(&taken).wait().run();
            assert!(film.last().contains("/ coap.version == 1"), "{view}:\n{}", film.last());
            assert!(film.last().contains("read again with the other port"), "{view}:\n{}", film.last());
            let same = Scene::lab(LAB).filtered("coap.version == 1").wait().keys(&format!("G k t t {view}")).run();
            let body = |frame: &str| frame.lines().skip(1).take(14).map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(body(film.last()), body(same.last()), "{view}");
        }
    }
    let again = || Scene::lab(LAB).pieces(2).going_on_with(&taken("G k", "coap.version == 1"));
    assert_eq!(selected_number(again().run().last()), frame);
    // A mark leads to its message.
    let film = Scene::lab(LAB).going_on_with(&taken("G k ma g", "")).keys("'a").run();
    assert_eq!(selected_number(film.last()), frame.clone().map(|frame| frame + "a"), "{}", film.last());
    // The filter can be taken away, and comes back.
    let film = again().keys("Esc / Up").run();
    assert!(film.last().contains(" Filter> coap.version == 1"), "{}", film.last());
    // Whoever moves while it is read stays there.
    let film = again().keys_after_first("g j").run();
    assert_ne!(selected_number(film.last()), frame, "{}", film.last());
    // What cannot be read is passed over.
    for text in ["", "{", "{\"view\":9,\"selected\":-1,\"filter\":\"coap.\",\"times\":7}"] {
        let film = Scene::lab(LAB).going_on_with(text).run();
        assert!(selected_number(film.last()).is_some(), "{text}:\n{}", film.last());
    }
}
