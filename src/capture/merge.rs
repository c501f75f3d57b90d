//! Several captures of one point as one, merged by time.

use std::cmp::Reverse;
use std::time::Duration;

use super::savefile::{Savefile, Step};
use super::{CaptureError, Interface, Next, Secrets, Source, Warning};
use crate::frame::{Frame, is_known_time};

/// Captures whose frames come in the order of their times; those of each file stay in its own order.
#[derive(Debug)]
pub struct Merged {
    files: Vec<(Savefile, Step)>,
    number: u64,
    interfaces: Vec<Interface>,
    secrets: Vec<Secrets>,
}

impl Merged {
    pub(super) fn new(files: Vec<Savefile>) -> Self {
        let files = files.into_iter().map(|file| (file, Step::Again)).collect();
        Self { files, number: 0, interfaces: Vec::new(), secrets: Vec::new() }
    }

    /// Goes on in every file whose frame was handed out; true where one has nothing at the moment.
    fn advance(&mut self) -> Result<bool, CaptureError> {
        let mut pending = false;
        for (file, step) in &mut self.files {
            if matches!(step, Step::Again | Step::Pending) {
                let (interfaces, secrets) = (file.interfaces().len(), file.secrets().len());
                *step = file.advance()?;
                // In the order in which the table numbered them.
                self.interfaces.extend_from_slice(file.interfaces().get(interfaces..).unwrap_or_default());
                self.secrets.extend_from_slice(file.secrets().get(secrets..).unwrap_or_default());
            }
            pending |= *step == Step::Pending;
        }
        Ok(pending)
    }
}

impl Merged {
    /// The file with the next frame. As `mergecap` has it: of equal times that of the last file named; a frame without time at once.
    fn earliest(&self) -> Option<usize> {
        let ready = self.files.iter().enumerate().filter(|(_, (_, step))| *step == Step::Frame);
        let times = ready.map(|(file, (savefile, _))| (file, savefile.current().time));
        let timeless = times.clone().find(|(_, time)| !is_known_time(*time));
        timeless.or_else(|| times.min_by_key(|(file, time)| (*time, Reverse(*file)))).map(|(file, _)| file)
    }
}

impl Source for Merged {
    fn next(&mut self) -> Result<Next<'_>, CaptureError> {
        // What a file will have next is not known before it has it, and it may be earlier than all others.
        if self.advance()? {
            return Ok(Next::Pending);
        }
        let Some((file, step)) = self.earliest().and_then(|file| self.files.get_mut(file)) else {
            return Ok(Next::End);
        };
        *step = Step::Again;
        self.number += 1;
        Ok(Next::Frame(Frame { number: self.number, ..file.current() }))
    }

    fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    fn progress(&self) -> (u64, Option<u64>) {
        let each = self.files.iter().map(|(file, _)| file.progress());
        each.fold((0, Some(0)), |(read, all), (more, length)| (read + more, all.zip(length).map(|(a, b)| a + b)))
    }

    fn take_warnings(&mut self) -> Vec<Warning> {
        self.files.iter_mut().flat_map(|(file, _)| file.take_warnings()).collect()
    }

    fn wait(&mut self, timeout: Duration) {
        if let Some((file, _)) = self.files.iter_mut().find(|(_, step)| *step == Step::Pending) {
            file.wait(timeout);
        }
    }

    fn files(&self) -> usize {
        self.files.len()
    }

    fn secrets(&self) -> &[Secrets] {
        &self.secrets
    }
}
