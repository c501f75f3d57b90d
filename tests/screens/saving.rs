//! What is shown, saved: a capture, lines, one message; and files that are left alone.

use std::cell::Cell;
use std::path::Path;
use std::process::Command;

use coapscope::capture::{Input, OpenOptions, open_all};
use coapscope::pipeline::{Fetcher, Pipeline, PipelineOptions, Step};
use coapscope::render::excerpt::{Excerpt, ExcerptError};
use coapscope::store::{Store, Update};
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
    save(Scene::built_in().keys("3G f ="), &file, "saved the flow of 2 messages to");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), flow(&["--frame", "3"]));
    save(Scene::built_in().keys("3G f"), &folder.path().join("flow.txt"), "saved the flow of 85 messages");
    assert_eq!(std::fs::read_to_string(folder.path().join("flow.txt")).unwrap(), flow(&[]));
    save(Scene::built_in().keys("3G f z R d"), &folder.path().join("unfolded.txt"), "saved the flow of 85 messages");
    assert_eq!(std::fs::read_to_string(folder.path().join("unfolded.txt")).unwrap(), flow(&["--unfold", "-t", "d"]));
    let filtered = Scene::built_in().filtered("coap.code == PUT").keys("f");
    save(filtered, &folder.path().join("some.txt"), "saved the flow of 14 messages");
    assert_eq!(std::fs::read_to_string(folder.path().join("some.txt")).unwrap(), flow(&["-Y", "coap.code == PUT"]));

    // What the tree shows.
    let file = folder.path().join("one.txt");
    save(Scene::built_in().keys("3G Enter"), &file, "saved #3 byte by byte to");
    let (text, tree) =
        (std::fs::read_to_string(&file).unwrap(), print(Path::new(CAPTURE), &["-V", "-x", "-Y", "frame.number == 3"]));
    assert_eq!(text.lines().skip(1).collect::<Vec<_>>(), tree.trim_end().lines().collect::<Vec<_>>());
}

/// What `coapscope flow` says of the built-in capture.
fn flow(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coapscope"));
    command.args(["flow", CAPTURE, "--width", "100"]).args(arguments).env("NO_COLOR", "1").env("LC_ALL", "C.UTF-8");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_table_is_saved_as_it_stands_there() {
    let folder = tempfile::tempdir().unwrap();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for (at, keys) in ["3", "3 S", "3 o", "3 b", "4", "5", "3 3G r", "3 t"].into_iter().enumerate() {
        let scene = || Scene::built_in().at((250, 120)).keys(keys).wait();
        let film = scene().run();
        // Up to the rule below it.
        let shown = film.last().lines().skip(1).take_while(|row| !row.starts_with('\u{2500}'));
        let shown = shown.map(|row| words(row.trim_start_matches('\u{25b6}'))).filter(|row| !row.is_empty());
        let file = folder.path().join(format!("{at}.txt"));
        save(scene(), &file, if keys == "4" { " rows to" } else { "saved" });
        let saved = std::fs::read_to_string(&file).unwrap();
        assert!(saved.lines().count() > 2, "{keys}: {saved}");
        assert_eq!(saved.lines().map(words).collect::<Vec<_>>(), shown.collect::<Vec<_>>(), "{keys}");
    }
    // Where the screen leaves columns out, and has fewer rows, the file has them all.
    let (narrow, wide) = (folder.path().join("narrow.txt"), folder.path().join("wide.txt"));
    save(Scene::built_in().at(TINY).keys("5").wait(), &narrow, "saved");
    save(Scene::built_in().at((250, 80)).keys("5").wait(), &wide, "saved");
    assert_eq!(std::fs::read_to_string(&narrow).unwrap(), std::fs::read_to_string(&wide).unwrap());
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
        assert!(film.last().contains("The saved file is gone or changed. End all the same?"), "{}", film.last());
    }
    let scene = Scene::built_in().made_live().at((40, 12)).keys("q");
    assert!(scene.run().last().contains("The capture is not saved. End?"));
    // What a live capture is written to.
    let path = file("w.pcapng");
    std::fs::write(&path, "frames").unwrap();
    let written = || {
        let scene = Scene::built_in().made_live().opened(false, path.to_str());
        scene.knowing(&[Input::Path(path.clone())], folder.path())
    };
    assert_eq!(written().keys("q").run().outcome, Outcome::Quit);
    let scene = written();
    std::fs::remove_file(&path).unwrap();
    let film = scene.keys("q").run();
    assert!(film.last().contains("The file of -w is gone; s saves what came. End all the same?"), "{}", film.last());
    // A part in its place, by the same name.
    let path = file("d.pcapng");
    let name = path.to_str().unwrap();
    let all = Scene::built_in().made_live().keys("s C-u").typed(name).keys("Enter");
    let part = all.until(|frame| frame.contains("saved 85 ")).keys("3G = s C-u").typed(name).keys("Enter y");
    let film = part.until(|frame| frame.contains("saved 2 ")).keys("Esc q").run();
    assert!(film.last().contains("The saved file is gone or changed. End all the same?"), "{}", film.last());
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
fn what_is_merged_stops_before_anything_is_written() {
    let inputs = [CAPTURE, "captures/lab/02-alarm-plain.pcap"].map(|path| Input::Path(path.into()));
    let opened = open_all(&inputs, &OpenOptions::default()).unwrap();
    let mut pipeline = Pipeline::new(opened.source, PipelineOptions::default());
    let mut store = Store::default();
    loop {
        let mut update = Update::default();
        let step = pipeline.step(&mut update);
        store.apply(update);
        if step == Step::Ended {
            break;
        }
    }
    let (fetcher, ids) = (Fetcher::new(opened.reader, false), (0..store.len() as u32).collect::<Vec<_>>());
    let asked = Cell::new(0);
    let stop = || asked.replace(asked.get() + 1) == 10;
    assert!(matches!(Excerpt::new(&store, &fetcher, &ids, &stop), Err(ExcerptError::Stopped)));
    assert_eq!(asked.get(), 11);
    assert!(Excerpt::new(&store, &fetcher, &ids, &|| false).unwrap().frames() > 11);
}

#[test]
fn the_cursor_stands_behind_what_was_typed() {
    for (keys, label) in [("s C-u", " Save> "), ("C-f", " Find> "), (":", " Frame> ")] {
        let room = 80 - label.len();
        for (text, shown) in [
            ("\u{6e29}\u{5ea6}a", 5),
            ("e\u{301}e\u{301}x", 3),
            (&"\u{6e29}".repeat(60), (room - 1) / 2 * 2),
            (&"e\u{301}".repeat(100), room - 1),
            (&"a\u{6e29}e\u{301}".repeat(40), room - 1),
            (&"x".repeat(200), room - 1),
        ] {
            let film = Scene::built_in().keys(keys).typed(text).run();
            let row = film.last().lines().find(|row| row.starts_with(label)).unwrap();
            let typed = &row[label.len()..];
            assert!(text.ends_with(typed), "{text}: {typed}");
            let columns = unicode_width::UnicodeWidthStr::width(typed);
            assert!(columns.abs_diff(shown) <= 1, "{text}: {columns} columns, not {shown}");
            assert_eq!(usize::from(film.cursor), label.len() + columns, "{text}: {row}");
        }
    }
    // In the middle, and in a filter, where a verdict stands behind it.
    let film = Scene::built_in().keys("s C-u").typed("\u{6e29}\u{5ea6}x").keys("Left Left").run();
    assert_eq!(usize::from(film.cursor), " Save> ".len() + 2);
    let text = format!("coap.opt.uri_path == \"{}\"", "\u{6e29}".repeat(60));
    let film = Scene::built_in().keys("/").typed(&text).run();
    let row = film.last().lines().find(|row| row.starts_with(" Filter> ")).unwrap();
    let typed = row.trim_end_matches("valid").trim_end();
    assert!(typed.ends_with("\u{6e29}\""), "{row}");
    assert_eq!(usize::from(film.cursor), unicode_width::UnicodeWidthStr::width(typed));
}

#[test]
fn a_long_name_leaves_the_question_to_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{}.txt", "x".repeat(90)));
    std::fs::write(&file, "precious").unwrap();
    let film = Scene::built_in().keys("s C-u").typed(file.to_str().unwrap()).keys("Enter").run();
    assert!(film.last().contains(".txt is there. Replace it?"), "{}", film.last());
}

#[test]
fn what_cannot_be_read_is_told_of_findings_and_searches() {
    let scene = || Scene::lab("03-observe-alarm-two.pcap").lose_file();
    let film = scene().keys("5").until(|frame| frame.contains("cannot look for findings")).run();
    assert!(film.last().contains("cannot look for findings"), "{}", film.last());
    assert!(film.last().contains("not known: "), "{}", film.last());
    assert!(!film.last().contains("none in this capture"), "{}", film.last());
    // A key takes the line away, and 5 brings it back.
    let film = scene().keys("5").until(|frame| frame.contains("cannot look for findings")).keys("j").run();
    assert!(!film.last().contains("cannot look for findings"), "{}", film.last());
    let again = scene().keys("5").until(|frame| frame.contains("cannot look for findings")).keys("j 5");
    let film = again.until(|frame| frame.contains("cannot look for findings")).run();
    assert!(film.last().contains("cannot look for findings"), "{}", film.last());
    let film = scene().keys("C-f").typed("qqq").keys("Enter").until(|frame| frame.contains("could be read")).run();
    let words = film.last().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("no message that could be read shows \"qqq\": /"), "{words}");
}

#[test]
fn the_line_for_a_file_is_there_at_every_size() {
    check("save", SMALL, Scene::built_in().keys("s"));
    check("save", TINY, Scene::built_in().keys("s x"));
}

#[test]
fn a_saved_flow_tells_of_hidden_lanes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hidden.txt");
    save(Scene::built_in().keys("g f H"), &file, "saved the flow of");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("without c1, whose lane was hidden, and its messages\n"), "{text}");
    assert!(text.contains("15.0 s, 8 not shown") && !text.contains("c1 ="), "{text}");
}
