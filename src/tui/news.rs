//! Live: the newest problem is told in the status line.

use super::app::App;
use crate::coap::{Finding, Severity};
use crate::render::frame_number;
use crate::tracking::{ExchangeId, ExchangeRow, ExchangeState, Patch, RecordId};

/// So many of the newest messages, and of the newest facts, are looked at.
const LOOKED_AT: usize = 1024;

impl App {
    /// Live: the newest problem of an earlier message that became known by what came since, or by nothing coming.
    pub(super) fn late_problem(&self, patches: &[Patch]) -> Option<String> {
        if !self.grows() {
            return None;
        }
        let number = |id: RecordId| frame_number(&self.store, id);
        let said = |record: RecordId, finding: &Finding| {
            let old = self.store.get(record).is_some() && finding.severity >= Severity::Warn;
            old.then(|| self.told(record, finding))
        };
        let timed_out = |id: ExchangeId, row: &ExchangeRow| {
            let news = self.store.exchange(id).is_some_and(|row| row.state != ExchangeState::TimedOut);
            let told = news && row.state == ExchangeState::TimedOut;
            told.then(|| format!("exchange {} timed out: nothing seen answers #{}", id.0, number(row.request)))
        };
        patches.iter().rev().take(LOOKED_AT).find_map(|patch| match patch {
            Patch::Finding(record, finding) | Patch::Graver { record, finding, .. } => said(*record, finding),
            Patch::Exchange(id, row) => timed_out(*id, row),
            _ => None,
        })
    }

    /// Live: tell of the newest problem that came with an update: of a new message, else that of an earlier one.
    pub(super) fn announce(&mut self, from: RecordId, late: Option<String>) {
        if !self.grows() || self.is_frozen() {
            return;
        }
        if let Some(late) = late {
            self.say(late);
        }
        let newest = (from..self.store.len() as RecordId)
            .rev()
            .take(LOOKED_AT)
            .find(|id| self.store.get(*id).is_some_and(|record| record.severity() >= Some(Severity::Warn)));
        let Some(id) = newest else { return };
        // What its bytes break is found where somebody looks at them.
        let Ok(Some(view)) = self.fetcher.view(&self.store, id) else { return };
        let Some(worst) = view.findings().into_iter().max_by_key(|finding| finding.severity) else { return };
        let told = self.told(id, &worst);
        self.say(told);
    }

    fn told(&self, record: RecordId, finding: &Finding) -> String {
        let number = |id: RecordId| frame_number(&self.store, id);
        format!("new problem in #{}: {}", number(record), finding.text_with(&number))
    }
}
