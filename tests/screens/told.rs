//! What is told of a capture as a whole: how it failed, what is in it, how far it is read, and from when its times count.

use coapscope::store::{Ended, Progress, Summary};
use coapscope::tui::Outcome;

use super::script::Scene;
use super::{LARGE, SMALL, check};

#[test]
fn what_speaks_of_messages_is_not_counted_as_one() {
    let title = |scene: Scene| scene.run().last().lines().next().unwrap().to_owned();
    for (lab, counted) in [("06-dtls-psk-gnutls.pcap", " 0 msg"), ("10-proxy-libcoap.mirror.pcap", " 65 msg")] {
        let title = title(Scene::lab(lab));
        assert!(title.contains(counted), "{title}");
    }
    let title = title(Scene::built_in().filtered("coap.type == 0 || icmp").wait());
    assert!(title.contains(" of 85 msg"), "{title}");
}

#[test]
fn evidence_without_any_message_is_explained() {
    let film = check("evidence-alone", SMALL, Scene::lab("06-dtls-psk-gnutls.pcap").keys("j"));
    let told = "No CoAP message in 100 frames; what came instead: 96 DTLS (encrypted";
    for said in [told, "\n  4 ICMP", "DTLS, 31 bytes"] {
        assert!(film.last().contains(said), "{said} is missing:\n{}", film.last());
    }
    let film = Scene::lab("06-dtls-psk-gnutls.pcap").keys("? G").at((80, 100)).run();
    assert!(film.last().contains("not CoAP       96 DTLS"), "{}", film.last());
    // Where the error quotes CoAP, it is called so.
    let film = Scene::built_in().keys(":88 Enter").run();
    assert!(film.last().contains("CoAP, ") && !film.last().contains("No CoAP message"), "{}", film.last());
}

#[test]
fn how_a_capture_failed_can_be_read_again() {
    let why = "eth0: the file of -w cannot be written: No space left on device";
    let failed = || Some(Ended::Failed(why.to_owned()));
    let live = || Scene::lab("02-alarm-plain.pcap").made_live();
    let film = live().told(Summary::default(), failed()).run();
    assert!(film.last().contains(why), "{}", film.last());
    let film = live().told(Summary::default(), failed()).keys("k k ? G").run();
    let title = film.last().lines().next().unwrap();
    assert!(title.starts_with(" eth0 ") && title.contains("ENDED BY AN ERROR"), "{title}");
    assert!(film.last().contains("ended          eth0: the file of -w cannot be written"), "{}", film.last());
    // Whoever ends the screen is told by the status, too; whoever froze it as well.
    for before in ["k", "p"] {
        let film = live().keys(before).told(Summary::default(), failed()).keys("q y").run();
        assert_eq!(film.outcome, Outcome::Failed(why.to_owned()), "{before}");
    }
}

#[test]
fn a_frozen_view_says_how_far_the_file_is() {
    let read = |read| Summary { progress: Progress { read, total: Some(100) }, ..Summary::default() };
    let scene = |ended| Scene::files().told(read(40), None).keys("p").told(read(60), None).told(read(100), ended);
    let title = |scene: Scene| scene.run().last().lines().next().unwrap().to_owned();
    assert!(title(scene(None)).contains("reading 100%"), "{}", title(scene(None)));
    let ended = title(scene(Some(Ended::Complete)));
    assert!(ended.contains("FROZEN") && !ended.contains("reading"), "{ended}");
}

#[test]
fn times_are_headed_alike_in_every_view() {
    for keys in ["r", "f r", "3 r", "4 r"] {
        let film = Scene::built_in().at(LARGE).keys(":40 Enter").keys(keys).keys("C-l").run();
        let heads = film.last().lines().nth(1).unwrap();
        assert!(heads.contains("Since #40"), "{keys}: {heads}");
    }
    let film = Scene::built_in().at(LARGE).keys(":40 Enter 4 r").run();
    assert_eq!(film.last().matches("Since #40").count(), 2, "{}", film.last());
}
