//! Reads a pipe to its end, or until somebody says that it is enough.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read};
use std::os::fd::AsFd as _;
use std::sync::Arc;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Most bytes that are still taken of what is there when it is enough: a pipe holds no more, unless its writer goes on.
const LEFT: usize = 1 << 20;

/// Tells whoever reads a pipe when it is enough. Every clone tells the same.
#[derive(Clone, Debug)]
pub struct Until(Arc<PipeReader>);

impl Until {
    /// It is enough when the other end is dropped.
    ///
    /// # Errors
    /// Where the system has no file left.
    pub fn dropped() -> io::Result<(PipeWriter, Self)> {
        let (reader, writer) = io::pipe()?;
        Ok((writer, Self(Arc::new(reader))))
    }
}

/// A pipe that ends, when it is enough, behind what it holds then.
#[derive(Debug)]
pub(super) struct Ending {
    pipe: File,
    until: Until,
    left: usize,
}

impl Ending {
    pub fn new(pipe: File, until: Until) -> Self {
        Self { pipe, until, left: LEFT }
    }

    /// Waits until there is something to read, its end among that, or until it is enough: which of the two is so.
    fn wait(&self) -> io::Result<(bool, bool)> {
        let wanted = PollFlags::POLLIN;
        let mut asked = [PollFd::new(self.pipe.as_fd(), wanted), PollFd::new(self.until.0.as_fd(), wanted)];
        poll(&mut asked, PollTimeout::NONE)?;
        let [pipe, until] = asked.map(|asked| asked.any().unwrap_or(true));
        Ok((pipe, until))
    }
}

impl Read for Ending {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let (is_ready, is_enough) = self.wait()?;
            if is_enough && (!is_ready || self.left == 0) {
                return Ok(0);
            }
            let length = if is_enough { buffer.len().min(self.left) } else { buffer.len() };
            match self.pipe.read(buffer.get_mut(..length).unwrap_or_default()) {
                // Another program made it one that does not wait.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Ok(count) if is_enough => {
                    self.left -= count;
                    return Ok(count);
                }
                result => return result,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::OwnedFd;

    use super::*;

    fn pipe() -> (PipeWriter, Ending, PipeWriter) {
        let (enough, until) = Until::dropped().unwrap();
        let (reader, writer) = io::pipe().unwrap();
        (writer, Ending::new(File::from(OwnedFd::from(reader)), until), enough)
    }

    #[test]
    fn what_a_pipe_holds_is_read_when_it_is_enough() {
        let (mut writer, mut ending, enough) = pipe();
        writer.write_all(b"abc").unwrap();
        drop(enough);
        let mut all = String::new();
        ending.read_to_string(&mut all).unwrap();
        assert_eq!(all, "abc");
    }

    #[test]
    fn who_waits_is_told_that_it_is_enough() {
        let (_writer, mut ending, enough) = pipe();
        let reading = std::thread::spawn(move || ending.read(&mut [0; 8]).unwrap());
        drop(enough);
        assert_eq!(reading.join().unwrap(), 0);
    }

    #[test]
    fn a_writer_that_goes_on_keeps_nobody() {
        let (mut writer, mut ending, enough) = pipe();
        drop(enough);
        let writing = std::thread::spawn(move || while writer.write_all(&[0; 4096]).is_ok() {});
        let mut all = Vec::new();
        assert!(ending.read_to_end(&mut all).unwrap() <= LEFT);
        drop(ending);
        writing.join().unwrap();
    }

    #[test]
    fn the_end_of_a_pipe_is_its_end() {
        let (mut writer, mut ending, _enough) = pipe();
        writer.write_all(b"abc").unwrap();
        drop(writer);
        let mut all = String::new();
        ending.read_to_string(&mut all).unwrap();
        assert_eq!(all, "abc");
    }
}
