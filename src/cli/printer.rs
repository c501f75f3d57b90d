//! Printing messages: while the capture is read, or when all of it is known.

use std::cell::Cell;
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Builder;

use anyhow::bail;

use super::chooser::Chooser;
use super::export::Export;
use super::held::Held;
use super::news::Live;
use super::print::Form;
use super::save::Save;
use super::tables::{Shape, Table};
use super::{Context, ReadingArgs, TableName, input, without};
use crate::capture::{CaptureError, FrameReader, Source};
use crate::field::Reads;
use crate::filter::{Filter, Selection};
use crate::pipeline::{
    Apart, Fetcher, Loader, LoaderOptions, Payloads, Pipeline, PipelineOptions, Step, Sweep, WAITING,
};
use crate::render::Known;
use crate::store::{Ended, RecordKind, Seen, Store, Update, View};
use crate::tracking::RecordId;

/// Threads that look for messages once all are known.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(8)
}

/// Updates as they come, from a source that is read in threads of its own.
enum Updates {
    /// Of one that grows: each message is wanted at once, so nothing is read ahead.
    Live { updates: Receiver<Update>, _loader: Loader },
    /// Of one that ends.
    Ahead(Apart),
}

impl Updates {
    /// Of a source that ends. `marks`: they tell what was known at each message.
    fn ahead(source: Box<dyn Source>, options: PipelineOptions, marks: bool) -> anyhow::Result<Self> {
        let pipeline = Pipeline::read_ahead(source, options)?;
        let pipeline = if marks { pipeline.with_marks() } else { pipeline };
        Ok(Self::Ahead(Apart::spawn(pipeline)?))
    }

    /// Of one that grows, with what was known at each message.
    fn live(source: Box<dyn Source>, options: PipelineOptions, loading: LoaderOptions) -> anyhow::Result<Self> {
        let pipeline = Pipeline::new(source, options).with_marks();
        let (sender, updates) = sync_channel(WAITING);
        let loader = Loader::spawn(pipeline, loading, move |update| sender.send(update).is_ok())?;
        Ok(Self::Live { updates, _loader: loader })
    }

    /// Puts the next one into `update`; false where no more comes. What was printed is written out before it waits for one.
    fn next(&mut self, update: &mut Update, context: &mut Context<'_>) -> anyhow::Result<bool> {
        match self {
            Self::Live { updates, .. } => {
                let came = updates.try_recv().ok();
                if came.is_none() {
                    // A reader that has gone ends it, whatever may still come.
                    context.out.flush()?;
                }
                let came = came.or_else(|| updates.recv().ok());
                let is_there = came.is_some();
                *update = came.unwrap_or_default();
                Ok(is_there)
            }
            Self::Ahead(apart) => {
                context.out.flush()?;
                Ok(apart.step(update) != Step::Ended || update.ended.is_some())
            }
        }
    }
}

/// Reads a source to its end, into a store; answers how it ended.
pub(super) fn read_whole(
    source: Box<dyn Source>,
    options: PipelineOptions,
    store: &mut Store,
    context: &mut Context<'_>,
) -> anyhow::Result<Option<Ended>> {
    let mut updates = Updates::ahead(source, options, false)?;
    let (mut update, mut ended) = (Update::default(), None);
    while ended.is_none() && updates.next(&mut update, context)? {
        context.warn(&update.warnings);
        context.progress(&update.summary.progress);
        ended.clone_from(&update.ended);
        store.apply_from(&mut update);
    }
    context.progress_done();
    Ok(ended)
}

/// Reads a capture and prints what was chosen of it.
pub(super) struct Printer<'r> {
    name: String,
    reading: &'r ReadingArgs,
    fetcher: Fetcher,
    /// The same for what is printed of little.
    sweep: Sweep,
    /// What is odd about payloads, where only those of printed messages are judged.
    payloads: Payloads,
    store: Store,
    form: Form,
    filter: Arc<Filter>,
    /// Messages still to print, where they are counted.
    left: Option<u64>,
    /// It is captured live.
    live: Option<Live>,
    /// What is done instead of printing, or before it, with all that was chosen.
    whole: Option<Whole>,
}

/// What can be done only with a whole capture.
pub(super) enum Whole {
    Table(TableName, Shape),
    Export(Export),
    /// Save, and print as well.
    Save(Save, bool),
}

/// Messages that a thread prints at a time: their text stays in memory until it is their turn.
const AT_ONCE: usize = 1024;

/// A thread's own means of printing.
struct Hand {
    fetcher: Fetcher,
    sweep: Sweep,
    text: Vec<u8>,
}

impl Hand {
    fn new(fetcher: Fetcher) -> Self {
        Self { sweep: Sweep::new(&fetcher), fetcher, text: Vec::new() }
    }

    /// Writes messages, all known of them, behind its text.
    fn write(&mut self, form: &Form, store: &Store, ids: &[RecordId]) -> anyhow::Result<()> {
        for id in ids {
            if let Some(view) = viewed(&mut self.fetcher, &mut self.sweep, form.reads(), store, *id)? {
                form.apart(&view, Known::Later, &mut self.text)?;
            }
        }
        Ok(())
    }
}

/// A message, as far as it has to be read.
fn viewed<'a>(
    fetcher: &'a mut Fetcher,
    sweep: &'a mut Sweep,
    reads: Reads,
    store: &'a Store,
    id: RecordId,
) -> Result<Option<View<'a>>, CaptureError> {
    match reads {
        Reads::Record | Reads::Message => sweep.message(store, id),
        Reads::Body => sweep.body(store, id),
        Reads::Findings => sweep.findings(store, id),
        Reads::All => fetcher.view(store, id),
    }
}

/// Why printing stops early.
enum Early {
    /// As many as were wanted are printed.
    Enough,
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Early {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl<'r> Printer<'r> {
    /// A printer for the capture of that name.
    pub fn new(
        name: String,
        reader: FrameReader,
        reading: &'r ReadingArgs,
        form: Form,
        filter: Filter,
        count: Option<u64>,
    ) -> Self {
        let fetcher = Fetcher::new(reader, reading.checksums);
        Self {
            name,
            reading,
            sweep: Sweep::new(&fetcher),
            payloads: Payloads::new(false),
            fetcher,
            store: Store::default(),
            form,
            filter: Arc::new(filter),
            left: count,
            live: None,
            whole: None,
        }
    }

    /// The same, for a live capture with this kernel filter, or the usual one.
    #[cfg(feature = "live")]
    pub fn live(self, filter: Option<String>, loading: LoaderOptions) -> Self {
        Self { live: Some(Live::new(filter, loading)), ..self }
    }

    /// The same, with something that is done with the whole capture.
    pub fn with(self, whole: Option<Whole>) -> Self {
        Self { whole, ..self }
    }

    /// What is printed, or which messages are, is settled only at the end of the capture.
    pub fn needs_later(&self) -> bool {
        self.form.needs_later() || self.filter.known_later() || self.whole.is_some()
    }

    /// Print while reading: each message with what was known when it arrived. `grows`: there is no end to read to first.
    pub fn stream(mut self, source: Box<dyn Source>, grows: bool, context: &mut Context<'_>) -> anyhow::Result<()> {
        self.form.heading(&mut context.out)?;
        let mut options = input::pipeline_options(self.reading)?;
        if !grows && !self.filter.is_empty() {
            // Of what is not printed nobody asks: a filter that does needs the end of the capture.
            options.payloads = false;
            self.payloads = Payloads::new(true);
        }
        let loading = self.live.as_mut().map(|live| live.loading()).unwrap_or_default();
        let mut updates =
            if grows { Updates::live(source, options, loading)? } else { Updates::ahead(source, options, true)? };
        let mut update = Update::default();
        let mut hinted = false;
        let mut chooser = Chooser::new(Arc::clone(&self.filter), &self.fetcher, grows);
        let mut held = Held::default();
        loop {
            if !updates.next(&mut update, context)? {
                bail!("the loader ended without a word; please report it");
            }
            context.warn(&update.warnings);
            if self.live.is_some()
                && !hinted
                && let Some(hint) = without::line_so_far(&self.name, &update.summary)
            {
                hinted = true;
                context.tell(&hint);
            }
            let ended = update.ended.clone();
            if let Some(live) = &mut self.live {
                context.warn(&live.news(&self.name, &update.summary, ended.is_some()));
            }
            let mut store = std::mem::take(&mut self.store);
            let applied = if grows {
                self.take_each(&mut store, &mut update, &mut chooser, context)
            } else {
                self.take_wanted(&mut store, &mut update, &mut chooser, &mut held, context)
            };
            self.store = store;
            match (applied, ended) {
                (Err(Early::Enough), _) => return Ok(context.out.flush()?),
                (Err(Early::Failed(error)), _) => return Err(error),
                (Ok(()), None) => {}
                (Ok(()), ended) => {
                    context.out.flush()?;
                    return self.outcome(ended.as_ref(), context);
                }
            }
        }
    }

    /// Whether more is to be printed.
    fn unless_enough(&self) -> Result<(), Early> {
        if self.left == Some(0) { Err(Early::Enough) } else { Ok(()) }
    }

    /// Takes an update in and prints what follows from each record of it, also what it tells of earlier ones.
    fn take_each(
        &mut self,
        store: &mut Store,
        update: &mut Update,
        chooser: &mut Chooser,
        context: &mut Context<'_>,
    ) -> Result<(), Early> {
        let (mut chosen, has_ended) = (Vec::new(), update.ended.is_some());
        store.apply_each(update, |store, new, patches| {
            chosen.clear();
            chooser.choose(store, new, patches, &mut chosen)?;
            for id in &chosen {
                self.message(store, *id, Known::SoFar, context)?;
            }
            let before = new.unwrap_or(store.len() as RecordId);
            let was_printed = |id| chooser.was_chosen(id);
            self.form.updates(store, patches, (before, &chosen), &was_printed, &mut context.out)?;
            self.unless_enough()
        })?;
        if has_ended {
            self.form.unfinished(store, &|id| chooser.was_chosen(id), &mut context.out)?;
        }
        Ok(())
    }

    /// Takes an update in and prints those of its records that the filter lets through when they come.
    fn take_wanted(
        &mut self,
        store: &mut Store,
        update: &mut Update,
        chooser: &mut Chooser,
        held: &mut Held,
        context: &mut Context<'_>,
    ) -> Result<(), Early> {
        let filter = Arc::clone(&self.filter);
        let has_ended = update.ended.is_some();
        // While one waits, each that comes is looked at: it may end the waiting, and must not have told anything before.
        let (waits, mut time) = (Cell::new(!held.is_empty()), 0);
        store.apply_wanted(
            update,
            |record| waits.get() || filter.may_pass(record),
            |store, seen| -> Result<(), Early> {
                match seen {
                    Seen::Next(record) => time = record.time,
                    Seen::Came(id) => {
                        if chooser.passes(store, id)? {
                            held.push(id);
                        }
                    }
                }
                self.held(store, held, Some(time), context)?;
                waits.set(!held.is_empty());
                Ok(())
            },
        )?;
        if has_ended { self.held(store, held, None, context) } else { self.unless_enough() }
    }

    /// Prints those that need not wait when something comes at that time; all where nothing comes any more.
    fn held(
        &mut self,
        store: &Store,
        held: &mut Held,
        time: Option<i64>,
        context: &mut Context<'_>,
    ) -> Result<(), Early> {
        while let Some(id) = held.next(store, time) {
            self.message(store, id, Known::SoFar, context)?;
        }
        self.unless_enough()
    }

    /// Read to the end, then print: each message with all that became known of it.
    pub fn whole(mut self, source: Box<dyn Source>, context: &mut Context<'_>) -> anyhow::Result<()> {
        let options = input::pipeline_options(self.reading)?;
        let ended = read_whole(source, options, &mut self.store, context)?;
        if self.store.summary().frames == 0 && ended.as_ref().and_then(Ended::fault).is_some() {
            // Nothing could be read: what is to be written stays as it was.
            return self.outcome(ended.as_ref(), context);
        }
        if !matches!(self.whole, Some(Whole::Table(..) | Whole::Export(_) | Whole::Save(_, false))) {
            self.form.heading(&mut context.out)?;
        }
        let store = std::mem::take(&mut self.store);
        let Selection::Chosen(ids) = self.filter.select(&store, &self.fetcher, threads(), &|| false)? else {
            bail!("nobody stopped the search; please report it");
        };
        let ids: Vec<RecordId> = ids.iter().collect();
        match self.whole.take() {
            Some(Whole::Table(name, shape)) => {
                let chosen = (!self.filter.is_empty()).then_some(ids.as_slice());
                let most = self.left.map_or(usize::MAX, |left| left as usize);
                Table::new(name, &store, &self.fetcher, chosen)?.print(shape, most, &mut context.out)?;
            }
            Some(Whole::Export(export)) => {
                let chosen = (!self.filter.is_empty()).then_some(ids.as_slice());
                let most = self.left.map_or(usize::MAX, |left| left as usize);
                export.run(&store, &self.fetcher, chosen, most, &mut context.out)?;
            }
            Some(Whole::Save(save, prints)) => {
                let ids = self.counted(&store, &ids);
                save.write(&store, &self.fetcher, ids, &mut context.out)?;
                if prints {
                    self.all(&store, ids, context)?;
                }
            }
            None => self.all(&store, &ids, context)?,
        }
        self.store = store;
        context.out.flush()?;
        self.outcome(ended.as_ref(), context)
    }

    /// As many of them as are wanted, evidence between them not counted.
    fn counted<'i>(&self, store: &Store, ids: &'i [RecordId]) -> &'i [RecordId] {
        let Some(left) = self.left else { return ids };
        let is_message = |id: &RecordId| store.get(*id).is_some_and(|record| record.kind() == RecordKind::Message);
        let mut places = ids.iter().enumerate().filter(|(_, id)| is_message(id)).map(|(at, _)| at);
        let end = places.nth(left as usize).unwrap_or(ids.len());
        ids.get(..end).unwrap_or(ids)
    }

    fn all(&mut self, store: &Store, ids: &[RecordId], context: &mut Context<'_>) -> anyhow::Result<()> {
        if self.form.is_apart() && self.left.is_none() && ids.len() > AT_ONCE && threads() > 1 {
            return self.at_once(store, ids, context);
        }
        for id in ids {
            if self.left == Some(0) {
                break;
            }
            self.message(store, *id, Known::Later, context)?;
        }
        Ok(())
    }

    /// Print many messages that do not depend on each other, each thread some of them.
    fn at_once(&self, store: &Store, ids: &[RecordId], context: &mut Context<'_>) -> anyhow::Result<()> {
        let mut hands: Vec<Hand> = (0..threads()).map(|_| Hand::new(self.fetcher.clone())).collect();
        let form = &self.form;
        let mut parts = ids.chunks(AT_ONCE).peekable();
        while parts.peek().is_some() {
            let work = hands.iter_mut().zip(&mut parts);
            let done = std::thread::scope(|scope| {
                let start = work.map(|(hand, part)| {
                    let thread = Builder::new().name("print".into());
                    thread.spawn_scoped(scope, move || hand.write(form, store, part))
                });
                let running: Vec<_> =
                    start.map(|started| started.map_err(|error| CaptureError::Thread { error })).collect();
                // A thread that panicked has told so.
                let done = running.into_iter().map(|thread| {
                    thread?.join().unwrap_or_else(|_| {
                        bail!("a thread stopped on a fault of its own; please report it with the capture")
                    })
                });
                done.collect::<anyhow::Result<Vec<()>>>()
            });
            done?;
            for hand in &mut hands {
                context.out.write_all(&hand.text)?;
                hand.text.clear();
            }
        }
        Ok(())
    }

    /// Print one message.
    fn message(&mut self, store: &Store, id: RecordId, known: Known, context: &mut Context<'_>) -> anyhow::Result<()> {
        if self.left == Some(0) {
            return Ok(());
        }
        let view = viewed(&mut self.fetcher, &mut self.sweep, self.form.reads(), store, id);
        if let Err(lost @ CaptureError::Lost { .. }) = &view {
            // Of a file that is followed what is left is printed.
            context.warn(&[lost.to_string()]);
            return Ok(());
        }
        if let Some(mut view) = view? {
            let mut record = view.record;
            if view.is_message()
                && let Some(worst) = self.payloads.worst(&view.message)
            {
                record.raise(worst);
                view.record = record;
            }
            self.form.message(&view, known, &mut context.out)?;
            if view.is_message() {
                self.left = self.left.map(|left| left - 1);
            }
        }
        Ok(())
    }

    /// An error where the source could not be read to its end; a word where it held no message.
    fn outcome(&self, ended: Option<&Ended>, context: &mut Context<'_>) -> anyhow::Result<()> {
        if let Some(why) = ended.and_then(Ended::fault) {
            bail!("{why}");
        }
        match (&self.live, self.store.summary()) {
            (Some(live), summary) if summary.frames == 0 => {
                context.tell(&without::line_of_silence(&self.name, live.filter.as_deref()));
            }
            (_, summary) => without::line(&self.name, summary).iter().for_each(|line| context.tell(line)),
        }
        Ok(())
    }
}
