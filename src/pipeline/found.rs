//! How many findings there are that tell of several messages, by severity.

use super::count;
use crate::coap::Severity;
use crate::store::Summary;
use crate::tracking::Patch;

/// What was found so far. Those that tell of one message alone are counted where they are found.
#[derive(Default)]
pub(super) struct Found([u64; 4]);

impl Found {
    /// Counts what is new.
    pub fn take(&mut self, patches: &[Patch]) {
        for patch in patches {
            match patch {
                Patch::Finding(_, finding) => count(&mut self.0, finding.severity),
                Patch::Graver { finding, was, .. } => {
                    count(&mut self.0, finding.severity);
                    self.uncount(*was);
                }
                Patch::Withdrawn { was, .. } => self.uncount(*was),
                _ => {}
            }
        }
    }

    fn uncount(&mut self, severity: Severity) {
        if let Some(place) = self.0.get_mut(severity as usize) {
            *place = place.saturating_sub(1);
        }
    }

    /// Adds the counts to a summary that has those of single messages.
    pub fn add_to(&self, summary: &mut Summary) {
        for (sum, new) in summary.findings.iter_mut().zip(self.0) {
            *sum += new;
        }
    }
}
