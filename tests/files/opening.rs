//! What users name: files of other kinds, folders, pipes, compressed and growing files, several at once.

use std::fs::OpenOptions as FileOptions;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use coapscope::capture::{CaptureError, Input, Next, OpenOptions, Opened, open_all, open_spool, spool};
use coapscope::frame::{LinkType, Position};

use super::pcapng::Builder;
use super::{drain, options, read, read_path};

#[test]
fn what_is_no_capture_is_named() {
    let mut erf = vec![1, 2, 3, 4, 0, 0xf0, 0x53, 0x65, 2, 4, 0, 60, 0, 0, 0, 42];
    erf.resize(60, 0xa5);
    let mut tar = b"capture.pcap".to_vec();
    tar.resize(257, 0);
    tar.extend(b"ustar\0");
    let cases: &[(&[u8], &str)] = &[
        (b"", "is empty"),
        (b"\x01", "looks like other binary data"),
        (b"hello, world", "looks like text"),
        (b"{\"kind\": \"message\"}", "looks like JSON"),
        (b"[1, 2]", "looks like JSON"),
        (
            b"\xef\xbf\xbd\xc3\xb2\xef\xbf\xbd\x02\0\x04\0",
            "bytes were changed, as if it were text (copy it again, as binary)",
        ),
        (b"\xc3\x94\xc3\x83\xc2\xb2\xc2\xa1\x02\0\x04\0", "bytes were changed, as if it were text"),
        (b"TC2!\x02\0\x04\0", "bytes were changed, as if it were text"),
        (b"\x1f\xef\xbf\xbd\x08\0", "bytes were changed, as if it were text"),
        (
            b"\x0a\x0d\x0d\x0a\x1c\0\0\0M<+\x1a\x01\0\0\0\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
            "bytes were changed, as if it",
        ),
        (b"1MOyoQIABAAAAAAAAAAAAAAABAABAAAA\n", "a capture in base64 (base64 -d FILE | coapscope - reads it)"),
        (b"Cg0NChwAAABNPCsaAQAAAP//////////HAAAAA==\n", "a capture in base64"),
        (b"0000  44 01 c4 09 f3 d8 6d 1d\n", "looks like a hex dump"),
        (b"44", "looks like a hex dump"),
        // What is cut within the first bytes of its header.
        (b"\xd4", "ends after 1 byte, inside the file header"),
        (b"\xa1\xb2\x3c", "ends after 3 bytes, inside the file header"),
        (b"\n\r", "ends after 2 bytes, inside the file header"),
        (b"\n", "looks like text"),
        (b"\xc3", "looks like other binary data"),
        (b"<?xml version=\"1.0\"?>", "looks like XML"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0", "looks like a program (ELF)"),
        (
            b"PK\x03\x04\x14\0\0\0",
            "compressed with zip, which is not read here; unpack it: unzip -p capture | coapscope -",
        ),
        (
            b"\x28\xb5\x2f\xfd\x24\0\x01\0",
            "compressed with zstd, which is not read here; unpack it: zstd -dc capture | coapscope -",
        ),
        (
            b"\x50\x2a\x4d\x18\x04\0\0\0\x10\0\0\0\x28\xb5\x2f\xfd",
            "compressed with zstd or lz4, which is not read here; unpack it: zstd -dc capture | coapscope -",
        ),
        (b"\xfd7zXZ\0\0\x04", "unpack it: xz -dc capture | coapscope -"),
        (b"BZh91AY&SY", "unpack it: bzip2 -dc capture | coapscope -"),
        (b"\x04\x22\x4d\x18\x64\x40\xa7", "unpack it: lz4 -dc capture | coapscope -"),
        (
            b"\x5d\0\0\x80\0\xff\xff",
            "compressed with lzma, which is not read here; unpack it: xz -dc capture | coapscope -",
        ),
        (b"\x78\x9c\x01\x02", "compressed with zlib"),
        (b"snoop\0\0\0\0\0\0\x02", "looks like a capture of Solaris snoop"),
        (b"RTSS\0\x01\x01\0", "Network Monitor (editcap converts it)"),
        (b"iptrace 2.0\0\0\0", "AIX iptrace (editcap converts it)"),
        (b"\x1c\0\x01\xac\x02\0\x04\0", "Ixia (editcap converts it)"),
        (&[&erf[..], &erf].concat(), "Endace (ERF; editcap converts it)"),
        (&erf, "looks like other binary data"),
        (&tar, "looks like a tar archive"),
        (b"\r\n\r\r\r\n\x1c\0\0\0", "line ends were changed"),
        (b"\n\r\n\x1c\0\0\0\x4d", "line ends were changed"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"12:00:01.123456 IP 10.0.0.2.40000 > 10.0.0.1.5683: UDP, length 7\n", "looks like what tcpdump prints"),
        ("    1 0.000000000     10.0.0.2 → 10.0.0.1     CoAP 60 CON\n".as_bytes(), "looks like what tshark prints"),
        (b"00000000: d4c3 b2a1 0200 0400 0000 0000 0000 0000  ........", "looks like a hex dump of xxd"),
        (b"0000   02 00 00 00 00 01 02 00  ........\n", "looks like a hex dump (text2pcap"),
        ("Größe;Länge\n".as_bytes(), "looks like text"),
        (b"deadbeef\x1b[0m", "looks like other binary data"),
        (&[0; 40], "looks like zeros"),
        (b"\xa1\xb2\xc3\xd4", "ends after 4 bytes, inside the file header"),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0", "ends after 8 bytes, inside the file header"),
    ];
    for (bytes, expected) in cases {
        let error = read(bytes).error.unwrap_or_default();
        assert!(error.starts_with("capture: ") && error.contains(expected), "{error:?} for {expected:?}");
    }
}

#[test]
fn the_way_out_of_a_compressed_capture_can_be_typed() {
    let folder = tempfile::tempdir().unwrap();
    let [path, pipe] = ["my capture", "pipe"].map(|name| folder.path().join(name));
    let typed = |path: &Path| format!("'{}'", path.display());
    let (bzip2, seven) = (b"BZh91AY&SY", b"7z\xbc\xaf\x27\x1c\0\x04");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let check = |bytes: &[u8], path: &Path, expected: &str| {
        let (to, bytes) = (path.to_owned(), bytes.to_vec());
        let writer = std::thread::spawn(move || std::fs::write(to, bytes).unwrap());
        if path != pipe {
            writer.join().unwrap();
        }
        let error = read_path(path).error.unwrap();
        assert!(error.ends_with(&format!("not read here; unpack it{expected}")), "{error}");
    };
    check(bzip2, &path, &format!(": bzip2 -dc {} | coapscope -", typed(&path)));
    check(&packed(bzip2), &path, &format!(": gzip -dc {} | bzip2 -dc | coapscope -", typed(&path)));
    check(bzip2, &pipe, ": ... | bzip2 -dc | coapscope -");
    check(&packed(bzip2), &pipe, ": ... | gzip -dc | bzip2 -dc | coapscope -");
    check(b"PK\x03\x04\x14\0\0\0", &pipe, ": ... | funzip | coapscope -");
    check(&packed(seven), &path, " to a file, and read that");
}

#[test]
fn what_cannot_be_opened_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let error = read_path(folder.path()).error.unwrap();
    assert!(error.ends_with("is a folder, not a capture; name a file in it"), "{error}");
    let error = read_path(&folder.path().join("missing")).error.unwrap();
    assert!(error.contains("missing: cannot be opened: No such file"), "{error}");
    assert!(error.ends_with("; check its name and folder, or pipe a capture into `-`"), "{error}");
    let error = std::io::ErrorKind::PermissionDenied.into();
    let refused = CaptureError::Open { file: "x".into(), error }.to_string();
    assert!(
        refused.ends_with("; ask its owner to let you read it (chmod a+r), or read it as one who may (sudo)"),
        "{refused}"
    );
    let input = [Input::Path(Path::new("/dev/null").to_owned())];
    let error =
        open_all(&input, &OpenOptions { spool: folder.path().join("missing"), ..OpenOptions::default() }).unwrap_err();
    assert!(error.to_string().ends_with("choose another folder with --spool"), "{error}");
    assert!(read_path(Path::new("/dev/null")).error.unwrap().contains("is empty"));
}

fn sample() -> Vec<u8> {
    Builder::new(false).interface(1, 0, &[]).frame(0, 1, b"one", &[]).frame(0, 2, b"two", &[]).bytes
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn gzip_in_one_or_several_members() {
    let bytes = sample();
    let mut members = packed(&bytes[..70]);
    members.extend(packed(&bytes[70..]));
    for file in [packed(&bytes), members] {
        let read = read(&file);
        assert_eq!((read.payloads(), read.warnings), (vec!["one".to_owned(), "two".to_owned()], vec![]));
    }
    assert!(read(&packed(&packed(&bytes))).error.unwrap().contains("gzipped twice"));
    assert!(read(&packed(b"some text")).error.unwrap().contains("looks like text"));
    assert!(read(&packed(b"")).error.unwrap().contains("is empty"));
}

#[test]
fn what_stands_behind_gzip_is_no_damage() {
    let bytes = sample();
    let whole = packed(&bytes);
    let zeros = vec![0; 70_000];
    for (behind, warnings) in [
        (&b"junk"[..], 1),
        (b"\x1f", 1),
        (b"\x1f\x8a and more", 1),
        (&zeros, 0),
        (&[&zeros[..], b"junk"].concat(), 1),
        (&[0], 0),
        (&[&zeros[..], &packed(b"")].concat(), 0),
    ] {
        let read = read(&[&whole[..], behind].concat());
        let case = format!("{behind:?}: {:?}", read.warnings);
        assert_eq!((read.payloads().len(), &read.error, read.warnings.len()), (2, &None, warnings), "{case:.200}");
        let says = "something that is no gzip stands behind the compressed data; all of that was read";
        assert!(read.warnings.iter().all(|warning| warning.contains(says)), "{case:.200}");
    }
    // The beginning of another member is one that ends early.
    let cut = read(&[&whole[..], &whole[..9]].concat());
    assert!(cut.warnings.len() == 1 && cut.warnings[0].contains("is damaged or ends early"), "{:?}", cut.warnings);
}

#[test]
fn gzip_that_ends_early_or_is_damaged_gives_what_came_before() {
    let mut bytes = sample();
    for number in 0..2000_u64 {
        bytes
            .extend(Builder::new(false).interface(1, 0, &[]).frame(0, number * 7919, &number.to_be_bytes(), &[]).bytes);
    }
    let packed = packed(&bytes);
    let cut = read(&packed[..packed.len() / 2]);
    assert!(cut.frames.len() > 100 && cut.error.is_none());
    let last = cut.warnings.last().unwrap();
    assert!(last.starts_with("capture: the compressed data is damaged or ends early"), "{:?}", cut.warnings);
    // In the check sum at the end: all frames, and a warning.
    let mut damaged = packed.clone();
    let at = damaged.len() - 6;
    damaged[at] ^= 0xff;
    let damaged = read(&damaged);
    assert_eq!((damaged.frames.len(), damaged.warnings.len()), (2002, 1), "{:?}", damaged.warnings);
    // In the middle of the first member's header: nothing at all can be had, which is an error.
    for length in 2..11 {
        let headless = read(&packed[..length]);
        let expected = "capture: is gzipped, and nothing can be unpacked of it (";
        assert!(headless.error.as_ref().is_some_and(|it| it.starts_with(expected)), "{length}: {headless:?}");
        assert!(headless.frames.is_empty() && headless.warnings.is_empty());
    }
}

#[test]
fn a_gzipped_file_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    let open = || open_all(&[Input::Path(path.clone())], &OpenOptions { follow: true, ..options() });
    std::fs::write(&path, packed(&sample())).unwrap();
    let refused = open().unwrap_err().to_string();
    assert!(refused.contains("cannot be followed") && refused.ends_with("capture | coapscope -"), "{refused}");
    // It shows only later what it is.
    std::fs::write(&path, b"").unwrap();
    let mut opened = open().unwrap();
    assert!(matches!(opened.source.next(), Ok(Next::Pending)));
    std::fs::write(&path, packed(&sample())).unwrap();
    assert_eq!(opened.source.next().unwrap_err().to_string(), refused);
}

#[test]
fn a_named_pipe_is_read_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("plain", sample()), ("packed", packed(&sample()))] {
        let path = folder.path().join(name);
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let to = path.clone();
        let writer = std::thread::spawn(move || {
            let mut pipe = FileOptions::new().write(true).open(to).unwrap();
            for chunk in bytes.chunks(1) {
                pipe.write_all(chunk).unwrap();
            }
        });
        assert_eq!(read_path(&path).payloads(), ["one", "two"]);
        writer.join().unwrap();
    }
}

#[test]
fn a_growing_file_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    for bytes in [sample(), classic()] {
        std::fs::write(&path, b"").unwrap();
        let mut file = FileOptions::new().append(true).open(&path).unwrap();
        let follow = OpenOptions { follow: true, ..options() };
        let mut opened = open_all(&[Input::Path(path.clone())], &follow).unwrap();
        let mut frames = 0;
        for byte in &bytes {
            assert!(matches!(opened.source.next().unwrap(), Next::Pending));
            file.write_all(&[*byte]).unwrap();
            match opened.source.next().unwrap() {
                Next::Frame(_) => frames += 1,
                Next::Pending => {}
                Next::End => panic!("a file that is followed has no end"),
            }
        }
        assert_eq!((frames, opened.source.take_warnings().len()), (2, 0));
    }
}

#[test]
fn a_followed_file_that_is_replaced_or_written_anew_is_read_on() {
    let folder = tempfile::tempdir().unwrap();
    for (bytes, other) in [(sample(), classic()), (classic(), sample())] {
        let path = folder.path().join("capture");
        std::fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
        let follow = OpenOptions { follow: true, ..options() };
        let mut opened = open_all(&[Input::Path(path.clone())], &follow).unwrap();
        let mut places = Vec::new();
        // Every frame that is there now.
        let look = |opened: &mut Opened, places: &mut Vec<(Position, String)>| {
            let mut pending = 0;
            while pending < 2 {
                match opened.source.next().unwrap() {
                    Next::Frame(frame) => {
                        assert_eq!(frame.number, places.len() as u64 + 1);
                        places.push((frame.position, String::from_utf8(frame.bytes.to_vec()).unwrap()));
                    }
                    // It has just turned to the new file.
                    Next::Pending => pending += 1,
                    Next::End => panic!("a file that is followed has no end"),
                }
            }
            opened.source.take_warnings().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(look(&mut opened, &mut places).is_empty());
        // Renamed, while its writer has still something to say; for a moment there is no such file.
        let aside = folder.path().join("capture.1");
        std::fs::rename(&path, &aside).unwrap();
        assert!(look(&mut opened, &mut places).is_empty());
        FileOptions::new().append(true).open(&aside).unwrap().write_all(&bytes[bytes.len() - 5..]).unwrap();
        std::fs::write(&path, &bytes).unwrap();
        let warnings = look(&mut opened, &mut places);
        assert!(
            warnings.len() == 1 && warnings[0].contains("was written anew or replaced, behind frame 2;"),
            "{warnings:?}"
        );
        let texts = |places: &[(Position, String)]| places.iter().map(|(_, text)| text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&places), ["one", "two", "one", "two"]);
        // Those of both files can be read again.
        let again = |opened: &Opened, (position, text): &(Position, String)| {
            let mut buffer = Vec::new();
            opened.reader.read(*position, 1, &mut buffer).is_ok_and(|frame| frame.bytes == text.as_bytes())
        };
        assert!(places.iter().all(|place| again(&opened, place)));
        // Written over: what was there is lost, and nothing else is taken for it.
        for (round, length) in [(0, bytes.len()), (1, bytes.len() - 5), (2, 0)] {
            let more = if round == 0 { other.repeat(2) } else { bytes[..length].to_vec() };
            let before = places.len();
            std::fs::write(&path, &more).unwrap();
            let mut warnings = look(&mut opened, &mut places);
            if round == 2 {
                assert_eq!((places.len(), warnings.len()), (before, 1), "{warnings:?}");
                std::fs::write(&path, &bytes).unwrap();
                assert!(look(&mut opened, &mut places).is_empty());
            }
            warnings.retain(|warning| warning.contains("was written anew or replaced"));
            assert_eq!(warnings.len(), 1, "{round}");
            assert!(places.len() > before, "{round}");
            assert!(!places[2..before].iter().any(|place| again(&opened, place)), "{round}");
            assert!(places[before..].iter().chain(&places[..2]).all(|place| again(&opened, place)), "{round}");
        }
    }
}

/// A pcap file of two frames.
fn classic() -> Vec<u8> {
    let mut writer = coapscope::capture::PcapWriter::new(Vec::new(), LinkType::ETHERNET, 65_535).unwrap();
    writer.record(1_000, 3, b"one").unwrap();
    writer.record(2_000, 3, b"two").unwrap();
    writer.finish().unwrap()
}

#[test]
fn a_spool_is_read_as_it_grows() {
    let (mut writer, reader) = spool::Spool::create(&std::env::temp_dir()).unwrap();
    let mut opened = open_spool(reader, "lo");
    let mut frames = 0;
    for byte in classic() {
        assert!(matches!(opened.source.next().unwrap(), Next::Pending));
        writer.write_all(&[byte]).unwrap();
        writer.commit().unwrap();
        frames += usize::from(matches!(opened.source.next().unwrap(), Next::Frame(_)));
    }
    assert_eq!((frames, &opened.name[..]), (2, "lo"));
    drop(writer);
    assert!(matches!(opened.source.next().unwrap(), Next::End));
    let (read, all) = opened.source.progress();
    assert_eq!(Some(read), all);
}

#[test]
fn several_files_are_merged_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        Builder::new(false).interface(1, 0, &[]).frame(0, 10, b"a1", &[]).frame(0, 40, b"a2", &[]).frame(
            0,
            30,
            b"a3",
            &[],
        ),
        Builder::new(true).interface(101, 0, &[]).frame(0, 20, b"b1", &[]).interface(113, 0, &[]).frame(
            1,
            45,
            b"b2",
            &[],
        ),
    ];
    let mut inputs = Vec::new();
    for (number, file) in (0..).zip(&files) {
        let path = folder.path().join(format!("{number}.pcapng"));
        std::fs::write(&path, &file.bytes).unwrap();
        inputs.push(Input::Path(path));
    }
    let read = drain(open_all(&inputs, &options()).unwrap());
    assert_eq!(read.payloads(), ["a1", "b1", "a2", "a3", "b2"]);
    assert_eq!(read.frames.iter().map(|frame| frame.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    for frame in &read.frames {
        let interface = &read.interfaces[usize::from(frame.position.interface)];
        assert_eq!((interface.file, interface.link.0), (frame.position.file, frame.link));
    }
    let progress = open_all(&inputs, &options()).unwrap().source.progress();
    assert_eq!(progress, (0, Some((files[0].bytes.len() + files[1].bytes.len()) as u64)));
}

#[test]
fn interfaces_of_several_files_are_numbered_through() {
    let folder = tempfile::tempdir().unwrap();
    let of = |names: &[&str]| {
        let all = names.iter().fold(Builder::new(false), |file, name| file.interface(1, 0, &[(2, name.as_bytes())]));
        (0..)
            .zip(names)
            .fold(all, |file, (number, name)| file.whole_frame(number, number.into(), name.as_bytes()))
            .bytes
    };
    let two_sections = [of(&["wlan0", "eth0"]), of(&["eth1"])].concat();
    // Of a file by itself the section counts; of several one that is described alike, as in `mergecap -I any`.
    let cases: [(&[&[u8]], &[u16]); 5] = [
        (&[&two_sections], &[0, 1, 0]),
        (&[&of(&["wlan0", "eth0"]), &of(&["wlan0", "eth0"])], &[0, 0, 1, 1]),
        (&[&of(&["wlan0", "eth0"]), &of(&["eth2", "wlan0"])], &[2, 0, 0, 1]),
        (&[&two_sections, &of(&["eth0"])], &[1, 0, 1, 2]),
        (&[&classic(), &of(&["wlan0"]), &classic()], &[1, 0, 0, 0, 0]),
    ];
    for (files, expected) in cases {
        let mut inputs = Vec::new();
        for (number, bytes) in files.iter().enumerate() {
            inputs.push(Input::Path(folder.path().join(number.to_string())));
            std::fs::write(folder.path().join(number.to_string()), bytes).unwrap();
        }
        let read = drain(open_all(&inputs, &options()).unwrap());
        let number = |frame: &super::Seen| read.interfaces[usize::from(frame.position.interface)].number().unwrap();
        assert_eq!(read.frames.iter().map(number).collect::<Vec<_>>(), expected, "{:?}", read.payloads());
    }
    assert_eq!(read(&classic()).interfaces[0].number(), None);
}

#[test]
fn a_file_that_was_changed_is_no_longer_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("capture");
    std::fs::write(&path, sample()).unwrap();
    let mut opened = open_all(&[Input::Path(path.clone())], &options()).unwrap();
    let Next::Frame(frame) = opened.source.next().unwrap() else { panic!() };
    let position = frame.position;
    FileOptions::new().write(true).open(&path).unwrap().set_len(position.offset + 5).unwrap();
    let error = opened.reader.read(position, 1, &mut Vec::new()).unwrap_err().to_string();
    assert!(error.ends_with("the file was changed, open it again"), "{error}");
    let _ = opened.source.next();
    opened.source.wait(Duration::ZERO);
}

#[test]
fn a_file_that_is_named_twice_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other, link] = ["one", "other", "link"].map(|name| folder.path().join(name));
    let bytes = Builder::new(false).interface(1, 0, &[]).whole_frame(0, 7, b"frame").bytes;
    std::fs::write(&one, &bytes).unwrap();
    std::fs::write(&other, &bytes).unwrap();
    std::os::unix::fs::symlink(&one, &link).unwrap();
    for (inputs, expected) in [([&one, &one], 1), ([&one, &link], 1), ([&one, &other], 0)] {
        let mut opened = open_all(&inputs.map(|path| Input::Path(path.clone())), &options()).unwrap();
        let mut count = 0;
        while let Next::Frame(_) = opened.source.next().unwrap() {
            count += 1;
        }
        let told = opened.source.take_warnings();
        assert_eq!((count, told.len()), (2, expected), "{told:?}");
        assert!(told.iter().all(|warning| warning.to_string().ends_with("name it once")), "{told:?}");
    }
}
