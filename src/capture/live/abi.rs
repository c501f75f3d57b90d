//! Whether libpcap and this program agree on the width of a time stamp.
//!
//! On 32-bit systems that moved to 64-bit time (Debian 13 on armhf), libpcap's frame header is wider than the one this
//! program was compiled for, and the captured length would be read from the middle of the time.

use std::io::{self, Write};

/// A savefile with one frame of four bytes, at second 1 and microsecond 0. The zero matters: it is what a header read
/// wrongly gives for the length, so that nothing is read beyond the frame.
const SAVEFILE: [u8; 44] = [
    0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, // file
    1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, // frame
    1, 2, 3, 4,
];

/// True on 64-bit systems; elsewhere tried out on a tiny savefile.
pub(super) fn time_has_the_same_width() -> bool {
    cfg!(target_pointer_width = "64") || probe().unwrap_or(false)
}

fn probe() -> io::Result<bool> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(&SAVEFILE)?;
    let mut capture = pcap::Capture::from_file(file.path()).map_err(io::Error::other)?;
    let frame = capture.next_packet().map_err(io::Error::other)?;
    Ok(frame.header.ts.tv_sec == 1 && frame.header.caplen == 4)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_probe_reads_its_savefile() {
        assert!(super::probe().unwrap());
    }
}
