//! Eight things of which each holds or not, in one byte.

/// What has such marks.
pub(super) trait Marked {
    fn marks(&self) -> u8;

    fn marks_mut(&mut self) -> &mut u8;

    /// Whether it has one of some marks.
    #[inline(always)]
    fn is(&self, marks: u8) -> bool {
        self.marks() & marks != 0
    }

    #[inline(always)]
    fn mark(&mut self, marks: u8) {
        *self.marks_mut() |= marks;
    }

    /// It is marked if so. Without a branch.
    #[inline(always)]
    fn mark_if(&mut self, so: bool, marks: u8) {
        *self.marks_mut() |= marks & u8::from(so).wrapping_neg();
    }

    #[inline(always)]
    fn unmark(&mut self, marks: u8) {
        *self.marks_mut() &= !marks;
    }
}
