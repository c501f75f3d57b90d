//! What is kept of each message: records of fixed size, side tables, and the look-ups over them.

mod attempts;
mod body;
mod chosen;
mod chunked;
mod columns;
mod copies;
mod ended;
mod packed;
mod record;
mod rows;
mod seen;
pub mod spared;
mod sparse;
mod summary;
mod table;
mod turns;
mod view;

pub use attempts::{Attempt, round_trip};
pub use body::Body;
pub use chosen::Chosen;
pub use chunked::Chunked;
pub use ended::Ended;
pub use record::{Record, RecordFlags, RecordKind};
pub use seen::Seen;
pub use summary::{Offer, Progress, Sizes, Summary};
pub use table::{Store, Update};
pub use view::View;
