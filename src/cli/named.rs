//! The record that the user names by the number of its frame.

use anyhow::bail;

use crate::store::{Ended, Record, Store};
use crate::tracking::RecordId;

/// The record of a frame of the capture with that name, which was read as far as it can be.
///
/// # Errors
/// Where it has no such frame, could not be read up to there, or the frame holds no CoAP message.
pub(super) fn record(store: &Store, frame: u64, name: &str) -> anyhow::Result<(RecordId, Record)> {
    let mut all = (store.first()..store.len() as RecordId).filter_map(|id| Some((id, store.get(id)?)));
    if let Some(named) = all.find(|(_, record)| u64::from(record.frame) == frame) {
        return Ok(named);
    }
    if let Some(why) = store.ended().and_then(Ended::fault) {
        bail!("{why}");
    }
    let frames = store.summary().frames;
    if frame > frames {
        bail!("{name}: has {frames} frames, so there is no frame {frame}");
    }
    bail!("{name}: frame {frame} holds no CoAP message; `coapscope print` lists those that do");
}
