//! What is shown, saved: a capture, lines, one message; and files that are left alone.

use std::path::Path;
use std::process::Command;

use coapscope::capture::Input;
use coapscope::tui::Outcome;

use super::script::{Film, Scene};
use super::{SMALL, TINY, check};

/// What `coapscope print` says.
fn print(file: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coapscope"));
    let output = command.arg("print").arg(file).args(arguments).env("NO_COLOR", "1").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const CAPTURE: &str = "captures/lab-session.pcap";

/// Saves under this name after these keys, and waits for what is said.
fn save(scene: Scene, file: &Path, said: &'static str) -> Film {
    let scene = scene.keys("s C-u").typed(file.to_str().unwrap()).keys("Enter");
    let film = scene.until(move |frame| frame.split_whitespace().collect::<Vec<_>>().join(" ").contains(said)).run();
    let words = film.last().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(said), "{said} is missing:\n{}", film.last());
    film
}

#[test]
fn what_is_shown_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("put.pcapng");
    save(Scene::built_in().filtered("coap.code == PUT"), &file, "saved 14 messages to");
    let (saved, chosen) =
        (print(&file, &["-t", "e"]), print(Path::new(CAPTURE), &["-Y", "coap.code == PUT", "-t", "e"]));
    assert_eq!(saved.lines().count(), chosen.lines().count());
    assert!(saved.lines().count() >= 14, "{saved}");

    let file = folder.path().join("put.TXT");
    save(Scene::built_in().filtered("coap.code == PUT"), &file, "saved 14 messages to");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), print(Path::new(CAPTURE), &["-Y", "coap.code == PUT"]));

    // The one exchange that the flow shows.
    let file = folder.path().join("exchange.txt");
    save(Scene::built_in().keys("3G f ="), &file, "saved 2 messages to");
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 2);

    // What the tree shows.
    let file = folder.path().join("one.txt");
    save(Scene::built_in().keys("3G Enter"), &file, "saved #3 byte by byte to");
    let (text, tree) =
        (std::fs::read_to_string(&file).unwrap(), print(Path::new(CAPTURE), &["-V", "-x", "-Y", "frame.number == 3"]));
    assert_eq!(text.lines().skip(1).collect::<Vec<_>>(), tree.trim_end().lines().collect::<Vec<_>>());
}

#[test]
fn a_file_that_is_there_is_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.txt");
    std::fs::write(&file, "precious").unwrap();
    let asked = |keys: &str| Scene::built_in().keys("s C-u").typed(file.to_str().unwrap()).keys("Enter").keys(keys);
    for (keys, said) in
        [("", "is there. Replace it?"), ("Enter q j", "is there. Replace it?"), ("Esc", " Save> "), ("n Esc", "85 msg")]
    {
        let film = asked(keys).run();
        assert!(film.last().contains(said), "{keys}: {}", film.last());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    }
    let film = asked("y").until(|frame| frame.contains("saved 85 messages")).run();
    assert!(film.last().contains("saved 85 messages"), "{}", film.last());
    // With what became known of a message later, which lines that are printed at once do not have.
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 88);
    assert!(text.lines().nth(86).unwrap().starts_with("   87 W "), "{text}");
}

#[test]
fn what_is_saved_is_not_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    for (name, filter, is_saved) in
        [("all.pcapng", "", true), ("all.txt", "", false), ("some.pcapng", "coap.type == 0", false)]
    {
        let file = folder.path().join(name);
        let scene = Scene::built_in().made_live().filtered(filter).keys("s C-u").typed(file.to_str().unwrap());
        let film = scene.keys("Enter").until(|frame| frame.contains(" saved ")).keys("q").run();
        assert_eq!(film.outcome == Outcome::Quit, is_saved, "{name}: {}", film.last());
        assert_eq!(film.last().contains("The capture is not saved"), !is_saved, "{name}: {}", film.last());
    }
}

/// A live capture that was saved, then this is done to the file and these keys are pressed.
fn saved_once(file: &Path, between: impl Fn(&Path) + 'static, keys: &str) -> Film {
    let (name, path) = (file.to_str().unwrap(), file.to_owned());
    let scene = Scene::built_in().made_live().keys("s C-u").typed(name).keys("Enter");
    let scene = scene.until(|frame| frame.contains(" saved ")).until(move |_| {
        between(&path);
        true
    });
    scene.keys(keys).run()
}

#[test]
fn what_is_saved_no_more_is_asked_about() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let saved = saved_once(&file("a.pcapng"), |_| {}, "q");
    assert_eq!(saved.outcome, Outcome::Quit, "{}", saved.last());
    let gone = saved_once(&file("b.pcapng"), |file| std::fs::remove_file(file).unwrap_or_default(), "q");
    let changed = saved_once(&file("c.pcapng"), |file| std::fs::write(file, "x").unwrap(), "q");
    for film in [gone, changed] {
        assert!(film.last().contains("is gone, or was changed"), "{}", film.last());
    }
    // A part in its place, by the same name.
    let path = file("d.pcapng");
    let name = path.to_str().unwrap();
    let all = Scene::built_in().made_live().keys("s C-u").typed(name).keys("Enter");
    let part = all.until(|frame| frame.contains("saved 85 ")).keys("3G = s C-u").typed(name).keys("Enter y");
    let film = part.until(|frame| frame.contains("saved 2 ")).keys("Esc q").run();
    assert!(film.last().contains("is gone, or was changed"), "{}", film.last());
    assert_eq!(print(&path, &[]).lines().count(), 2);
}

#[test]
fn no_part_of_a_file_is_left_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("x.txt"), folder.path().join("link.txt"));
    std::fs::write(&file, "precious").unwrap();
    std::os::unix::fs::symlink("x.txt", &link).unwrap();
    let scene = Scene::built_in().keys("s C-u").typed(link.to_str().unwrap()).keys("Enter y");
    let film = scene.until(|frame| frame.contains("saved 85 messages")).run();
    assert!(film.last().contains("saved 85 messages"), "{}", film.last());
    assert!(link.is_symlink());
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 88);
    assert_eq!(folder.path().read_dir().unwrap().count(), 2);
}

#[test]
fn the_capture_is_known_by_every_name() {
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name);
    let own = inside("own.pcapng");
    std::fs::copy(CAPTURE, &own).unwrap();
    std::fs::hard_link(&own, inside("hard.pcapng")).unwrap();
    let refused = |frame: &str| frame.replace('\n', "").contains("is the capture itself");
    let scene = || Scene::file(&own).knowing(&[Input::Path(own.clone())], folder.path());
    for name in [inside("hard.pcapng").to_str().unwrap(), "~/own.pcapng"] {
        let film = scene().keys("s C-u").typed(name).keys("Enter").run();
        assert!(refused(film.last()), "{name}: {}", film.last());
    }
    // While it is asked whether to replace another, that other becomes a name of the capture.
    let other = inside("other.pcapng");
    std::fs::write(&other, "precious").unwrap();
    let (from, to) = (own.clone(), other.clone());
    let scene = scene().keys("s C-u").typed(other.to_str().unwrap()).keys("Enter").until(move |_| {
        let _ = std::fs::remove_file(&to);
        std::fs::hard_link(&from, &to).is_ok()
    });
    let film = scene.keys("y").run();
    assert!(refused(film.last()), "{}", film.last());
    assert_eq!(std::fs::read(&own).unwrap(), std::fs::read(CAPTURE).unwrap());
}

#[test]
fn what_cannot_be_saved_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let own = inside("own.pcapng");
    std::fs::copy(CAPTURE, &own).unwrap();
    std::fs::create_dir(inside("folder.txt")).unwrap();
    let scene = || Scene::file(Path::new(&own)).knowing(&[Input::Path(own.clone().into())], folder.path());
    for (name, said) in [
        ("capture".to_owned(), "name a file .pcapng (a capture) or .txt (text)"),
        (String::new(), "name a file"),
        (own.clone(), "is the capture itself; name another file"),
        (inside("folder.txt"), "is there, and no file; name another"),
        ("~nobody/x.txt".to_owned(), "~nobody is not known here; write the folder out"),
        (inside("nowhere/x.txt"), "cannot be written: No such file or directory (os error 2); check its folder"),
    ] {
        let film = scene().keys("s C-u").typed(&name).keys("Enter").until(move |frame| {
            frame.replace('\n', "").split_whitespace().collect::<Vec<_>>().join(" ").contains(said)
        });
        let film = film.run();
        let words = film.last().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(said), "{name}: {said} is missing:\n{}", film.last());
    }
    assert_eq!(std::fs::read(&own).unwrap(), std::fs::read(CAPTURE).unwrap());
    let film = Scene::live().keys("s").run();
    assert!(film.last().contains("no message is shown: nothing to save"), "{}", film.last());
}

#[test]
fn the_line_for_a_file_is_there_at_every_size() {
    check("save", SMALL, Scene::built_in().keys("s"));
    check("save", TINY, Scene::built_in().keys("s x"));
}
