//! Times as columns of a line.

/// A stretch of time drawn on so many columns.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Nanoseconds at the first column.
    pub from: i64,
    /// Nanoseconds at the last one.
    pub to: i64,
    /// Columns.
    pub columns: usize,
}

impl Scale {
    /// The column of a time; times outside stand at the ends.
    pub fn column(&self, time: i64) -> usize {
        let last = self.columns.saturating_sub(1);
        let span = i128::from(self.to) - i128::from(self.from);
        if span <= 0 {
            return 0;
        }
        let off = (i128::from(time) - i128::from(self.from)).clamp(0, span);
        ((off * last as i128 + span / 2) / span) as usize
    }
}

/// A line of so many columns that signs are put into.
#[derive(Clone, Debug)]
pub struct Track(Vec<char>);

impl Track {
    /// An empty line.
    pub fn new(columns: usize) -> Self {
        Self(vec![' '; columns])
    }

    /// Put a text at a column; it is moved to the left where it would pass the end. False where something is in its place.
    pub fn put(&mut self, column: usize, text: &str) -> bool {
        let length = text.chars().count();
        let column = column.min(self.0.len().saturating_sub(length));
        let Some(places) = self.0.get_mut(column..column + length) else { return false };
        if places.iter().any(|place| *place != ' ') {
            return false;
        }
        places.iter_mut().zip(text.chars()).for_each(|(place, sign)| *place = sign);
        true
    }

    /// The same where a blank is left on both sides.
    pub fn put_apart(&mut self, column: usize, text: &str) -> bool {
        let column = column.min(self.0.len().saturating_sub(text.chars().count()));
        let beside = [column.checked_sub(1), Some(column + text.chars().count())];
        let is_taken = |place: &usize| self.0.get(*place).is_some_and(|sign| *sign != ' ');
        !beside.iter().flatten().any(is_taken) && self.put(column, text)
    }

    /// Fill from one column up to another, both included.
    pub fn fill(&mut self, from: usize, to: usize, sign: char) {
        let end = (to + 1).min(self.0.len()).max(from);
        if let Some(places) = self.0.get_mut(from..end) {
            places.fill(sign);
        }
    }

    /// The line.
    pub fn text(&self) -> String {
        self.0.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_their_columns() {
        let scale = Scale { from: 0, to: 90, columns: 91 };
        for (time, column) in [(-5, 0), (0, 0), (1, 1), (45, 45), (90, 90), (99, 90)] {
            assert_eq!(scale.column(time), column, "{time}");
        }
        assert_eq!(Scale { from: 7, to: 7, columns: 9 }.column(7), 0);
        assert_eq!(Scale { from: 0, to: 3, columns: 0 }.column(2), 0);
        assert_eq!(Scale { from: i64::MIN, to: i64::MAX, columns: 3 }.column(0), 1);
    }

    #[test]
    fn signs_do_not_cover_each_other() {
        let mut track = Track::new(6);
        assert!(track.put(1, "R1"));
        assert!(!track.put(2, "x"));
        assert!(track.put(9, "ab"));
        track.fill(3, 3, '=');
        assert_eq!(track.text(), " R1=ab");
        assert!(!Track::new(1).put(0, "ab"));
        assert!(!track.put_apart(0, "x"));
        assert!(!Track::new(1).put_apart(0, "ab"));
        let mut track = Track::new(9);
        assert!(track.put_apart(0, "0") && !track.put_apart(1, "1 s") && track.put_apart(2, "2 s"));
        assert!(track.put_apart(99, "3 s"));
        assert_eq!(track.text(), "0 2 s 3 s");
    }
}
