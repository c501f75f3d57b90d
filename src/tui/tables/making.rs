//! Making a row of a table: for the pane, and for a search through all of them.

use super::mark::row_of;
use super::order::{Column, Heading, path};
use super::{Row, exchanges, observations, short_time};
use crate::coap::Parameters;
use crate::pipeline::Fetcher;
use crate::render::Aliases;
use crate::render::time::TimeFormat;
use crate::store::Store;
use crate::tracking::{ExchangeId, NO_RECORD, ObservationId, RecordId};
use crate::tui::action::View;

/// What rows are made from.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// What is known.
    pub store: &'a Store,
    /// Names of endpoints.
    pub aliases: &'a Aliases,
    /// How times are told; deltas are not, since rows need not stand in the order of time.
    pub format: TimeFormat,
    /// Nanoseconds since 1970 that relative times count from.
    pub first: i64,
    /// The time up to which something is known.
    pub now: Option<i64>,
    /// The schedule that exchanges are held against.
    pub parameters: &'a Parameters,
}

impl Making<'_> {
    /// A time as the list shows it, with milliseconds.
    pub fn at(&self, time: i64) -> String {
        let format = if self.format == TimeFormat::Delta { TimeFormat::Relative } else { self.format };
        short_time(&format.show(time, self.first, None))
    }

    /// The row of a view with this id.
    pub fn row(&self, view: View, id: u32, fetcher: &mut Fetcher) -> Row {
        let mut row = self.row_alone(view, id);
        if let Some(request) = self.request(view, id)
            && let Ok(Some(request)) = fetcher.view(self.store, request)
        {
            exchanges::tell_request(&mut row, &request);
        }
        row
    }

    /// The same, without what only its request tells.
    pub fn row_alone(&self, view: View, id: u32) -> Row {
        match view {
            View::Observations => observations::row(self, ObservationId(id)),
            _ => exchanges::row(self, ExchangeId(id)),
        }
    }

    /// The request that tells more of a row.
    pub fn request(&self, view: View, id: u32) -> Option<RecordId> {
        let exchange = self.store.exchange(ExchangeId(id)).filter(|_| view == View::Exchanges)?;
        Some(exchange.request).filter(|request| *request != NO_RECORD)
    }

    /// The heading of a group: what its rows have in common, and how many they are.
    pub fn heading(&self, view: View, heading: &Heading) -> Row {
        let (exchange, observation) = match view {
            View::Observations => (None, self.store.observation(ObservationId(heading.first))),
            _ => (self.store.exchange(ExchangeId(heading.first)), None),
        };
        let ends = exchange.map(|row| (row.client, row.server)).or(observation.map(|row| (row.client, row.server)));
        let resource = exchange.map(|row| row.resource).or(observation.map(|row| row.resource));
        let text = match (heading.column, ends, resource) {
            (Column::Ends, Some((client, server)), _) => {
                format!("{} > {}", self.aliases.name(client), self.aliases.name(server))
            }
            (Column::Resource, _, Some(resource)) => path(self.store, resource).into_owned(),
            (Column::Reply, ..) => exchange.map(|row| exchanges::reply(&row)).unwrap_or_default(),
            _ => heading.word.unwrap_or_default().to_owned(),
        };
        Row { cells: vec![format!("{text}: {}", heading.rows)], severity: None, heading: true }
    }

    /// The row of the table that stands for a message, which is the one selected with it; `None` where there is none.
    pub fn row_of(&self, view: View, message: RecordId, is_shown: &dyn Fn(RecordId) -> bool) -> Option<u32> {
        if !matches!(view, View::Exchanges | View::Observations) {
            return None;
        }
        let id = row_of(self.store, view, message);
        // Where none of those is shown that the row names, it stands for each of the others.
        let is_own = id != 0 && message_of(self.store, view, id, false, is_shown).is_none_or(|own| own == message);
        is_own.then_some(id)
    }
}

/// The first message of a row that may be selected, or with `newest` the last, among those that the row names: one that is of no other row.
pub fn message_of(
    store: &Store,
    view: View,
    id: u32,
    newest: bool,
    is_shown: &dyn Fn(RecordId) -> bool,
) -> Option<RecordId> {
    let mut candidates = if view == View::Observations {
        let row = store.observation(ObservationId(id))?;
        let heard = store.first_observed(ObservationId(id)).unwrap_or(NO_RECORD);
        [row.registration, heard, row.accepted, row.last]
    } else {
        let row = store.exchange(ExchangeId(id))?;
        [row.request, row.response, row.last, NO_RECORD]
    };
    if newest {
        candidates.reverse();
    }
    candidates
        .into_iter()
        .find(|message| *message != NO_RECORD && is_shown(*message) && row_of(store, view, *message) == id)
}
