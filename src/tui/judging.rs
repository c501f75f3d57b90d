//! Looking for findings: a worker goes through what came since the last one did, and through everything only where that does not do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::app::App;
use super::event::Event;
use super::worker;
use crate::capture::CaptureError;
use crate::coap::{Finding, Rule, Severity};
use crate::pipeline::Fetcher;
use crate::render::verdict::{Part, Sum};
use crate::store::{Chosen, Store};
use crate::tracking::{ExchangeId, Patch, RecordId};

/// Findings of earlier messages that are kept until the next look; more are left to a look at everything.
const LATE: usize = 4096;
/// Everything is looked at again when so many times as long has passed as the last such look took.
const PAUSE: u32 = 10;
/// Time between a look that failed and the next one, where more comes.
const BETWEEN_FAILURES: Duration = Duration::from_secs(5);

/// What was looked at, and what became known since.
#[derive(Debug, Default)]
pub(super) struct Judging {
    /// Number of the look that is wanted.
    generation: Arc<AtomicU64>,
    /// A worker is at it.
    pub(super) running: bool,
    /// Records below this one were looked at, or are being.
    upto: RecordId,
    /// Found out later of such records.
    late: Vec<(RecordId, Finding)>,
    /// What was counted does not hold any more.
    stale: bool,
    /// The oldest record when everything was looked at.
    first: RecordId,
    /// When that was over, and how long it took.
    whole: Option<(Instant, Duration)>,
    /// Exchanges below this one are in the parts.
    exchanges: u32,
    /// Why the last look failed, when, and how many records there were then.
    failed: Option<(String, Instant, usize)>,
}

impl Judging {
    /// Take note of what becomes known of records that were looked at.
    pub(super) fn note(&mut self, patches: &[Patch]) {
        for patch in patches {
            match *patch {
                Patch::Finding(record, finding) if record < self.upto && finding.severity >= Severity::Note => {
                    // Whose doing the others are is another question then.
                    self.stale |= finding.rule == Rule::NetDuplicate;
                    self.late.push((record, finding));
                }
                Patch::Graver { record, .. } | Patch::Withdrawn { record, .. } | Patch::Related { record, .. } => {
                    self.stale |= record < self.upto;
                }
                _ => {}
            }
        }
        if self.late.len() > LATE {
            self.late.clear();
            self.stale = true;
        }
    }

    /// Other messages are shown, or it is not known what became of them: all is looked at again.
    pub(super) fn forget(&mut self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
        (self.running, self.upto) = (false, 0);
        self.again();
    }

    /// A look that failed is tried again.
    pub(super) fn again(&mut self) {
        if let Some((_, _, records)) = &mut self.failed {
            *records = usize::MAX;
        }
    }

    /// Why the last look failed.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failed.as_ref().map(|(why, ..)| why.as_str())
    }

    /// It failed, and neither was it asked for again, nor is there more to look at and some time over.
    fn is_given_up(&self, records: usize) -> bool {
        let failed = self.failed.as_ref();
        failed.is_some_and(|(_, at, then)| *then <= records && (*then == records || at.elapsed() < BETWEEN_FAILURES))
    }

    /// Some of the messages that were looked at may be shown no longer, or others are: all is looked at again when it is time.
    pub(super) fn doubt(&mut self) {
        self.stale = true;
    }

    /// It is not too soon for another look at everything.
    fn is_due(&self) -> bool {
        self.whole.is_none_or(|(over, took)| over.elapsed() >= took * PAUSE)
    }
}

/// What a worker found.
#[derive(Debug, Default)]
pub struct Judged {
    generation: u64,
    /// A row each, without an order.
    rows: Vec<Sum>,
    /// Where everything was looked at: what endpoints did, and the exchange behind the last that was counted.
    whole: Option<(Vec<Part>, u32)>,
    /// How long it took.
    took: Duration,
    failure: Option<String>,
}

/// What a worker is to look at.
struct Look {
    store: Store,
    fetcher: Fetcher,
    chosen: Option<Arc<Chosen>>,
    from: RecordId,
    late: Vec<(RecordId, Finding)>,
    is_whole: bool,
}

impl Look {
    fn run(self, is_wanted: &dyn Fn() -> bool) -> Result<Judged, CaptureError> {
        let Self { store, fetcher, chosen, from, late, is_whole } = self;
        let wanted = |_: &RecordId| is_wanted();
        let mut rows = match &chosen {
            Some(chosen) => Sum::of_store(&store, &fetcher, chosen.from(from).take_while(wanted), Severity::Note)?,
            None => {
                let ids = (from..store.len() as RecordId).take_while(wanted);
                Sum::of_store(&store, &fetcher, ids, Severity::Note)?
            }
        };
        let is_shown = |id: RecordId| chosen.as_ref().is_none_or(|chosen| chosen.has(id));
        Sum::add_late(&mut rows, &store, &fetcher, late.iter().filter(|(id, _)| is_shown(*id)))?;
        let whole = is_whole.then(|| {
            let exchanges = store.exchanges().map(|(_, row)| (row.client, row.server));
            (Part::of_all(store.endpoints(), exchanges), store.exchange_ids().end)
        });
        Ok(Judged { rows, whole, ..Judged::default() })
    }
}

impl App {
    /// Start a worker where more is known than the last one saw, and nobody is at it.
    pub(super) fn look_for_findings(&mut self) {
        let end = self.store.len() as RecordId;
        let is_settled = self.is_frozen() || self.store.ended().is_some();
        let judging = &mut self.findings.judging;
        judging.stale |= self.store.first() != judging.first;
        let is_whole = judging.upto == 0 || (judging.stale && (is_settled || judging.is_due()));
        let is_new = is_whole || judging.upto < end || !judging.late.is_empty();
        if end == 0
            || judging.running
            || judging.is_given_up(end as usize)
            || !is_new
            || self.filter.running
            || self.must_wait()
        {
            return;
        }
        let judging = &mut self.findings.judging;
        let late = std::mem::take(&mut judging.late);
        let from = if is_whole { self.store.first() } else { judging.upto.max(self.store.first()) };
        judging.upto = end;
        if is_whole {
            (judging.stale, judging.first) = (false, from);
        }
        let look = Look {
            store: self.store.clone(),
            // A new one would go through all records to learn what servers say of their resources.
            fetcher: self.fetcher.clone(),
            chosen: self.list.chosen.clone(),
            from,
            // All of them are in the store.
            late: if is_whole { Vec::new() } else { late },
            is_whole,
        };
        let (generation, events) = (Arc::clone(&judging.generation), self.events.clone());
        let mine = generation.load(Ordering::Relaxed);
        let work = move || {
            let begun = Instant::now();
            let judged = look.run(&|| generation.load(Ordering::Relaxed) == mine);
            let judged =
                judged.unwrap_or_else(|error| Judged { failure: Some(error.to_string()), ..Judged::default() });
            Some(Event::Judged(Box::new(Judged { generation: mine, took: begun.elapsed(), ..judged })))
        };
        let broken =
            move |why| Event::Judged(Box::new(Judged { generation: mine, failure: Some(why), ..Judged::default() }));
        match worker::spawn(("judge", "the look for findings"), events, work, broken) {
            Ok(()) => self.findings.judging.running = true,
            Err(error) => self.judged_nothing(error.to_string()),
        }
    }

    /// A look failed: what it was to look at is looked at again later, with all before, and not as often as it can fail.
    fn judged_nothing(&mut self, why: String) {
        let said = format!("cannot look for findings: {why}; 5 looks again");
        self.say(said);
        let judging = &mut self.findings.judging;
        judging.upto = 0;
        judging.failed = Some((why, Instant::now(), self.store.len()));
    }

    /// A worker has looked.
    pub fn judged(&mut self, judged: Judged) {
        let findings = &mut self.findings;
        let judging = &mut findings.judging;
        if judged.generation != judging.generation.load(Ordering::Relaxed) {
            return;
        }
        judging.running = false;
        if let Some(why) = judged.failure {
            return self.judged_nothing(why);
        }
        judging.failed = None;
        if let Some((parts, exchanges)) = judged.whole {
            (findings.parts, judging.exchanges) = (parts, exchanges);
            judging.whole = Some((Instant::now(), judged.took));
            (findings.rows, findings.verdict) = (judged.rows, None);
        } else {
            findings.parts.resize(self.store.endpoints(), Part::default());
            let end = self.store.exchange_ids().end;
            for row in (judging.exchanges..end).filter_map(|id| self.store.exchange(ExchangeId(id))) {
                Part::count(&mut findings.parts, row.client, row.server);
            }
            judging.exchanges = judging.exchanges.max(end);
            if judged.rows.is_empty() {
                return;
            }
            let endpoint = findings.verdict.as_ref().map(|person| person.endpoint);
            if judged.rows.iter().any(|row| Some(row.key.endpoint) == endpoint) {
                findings.verdict = None;
            }
            Sum::join_all(&mut findings.rows, &judged.rows);
        }
        findings.put_in_order();
        // Rows may have come or gone.
        findings.synced = None;
    }
}
