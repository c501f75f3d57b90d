//! What can be wrong with a payload, in a few words each.

macro_rules! flaws {
    ($($variant:ident $says:literal)*) => {
        /// What is wrong at one place of a payload.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Flaw {
            $(#[doc = $says] $variant,)*
        }

        impl Flaw {
            /// Every flaw.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// What is wrong, to be read behind a colon.
            pub const fn says(self) -> &'static str {
                match self {
                    $(Self::$variant => $says,)*
                }
            }
        }
    };
}

// variant, what it says
flaws! {
    NotUtf8 "this is not UTF-8"
    Syntax "the format has no room for this"
    EndsEarly "the payload ends in the middle of a value"
    TooLong "a length of more bytes than there are"
    Trailing "bytes follow behind the end"
    Duplicate "a name occurs a second time"
    Reserved "a code that is reserved"
    StrayBreak "the end of something that was not begun"
    Chunk "a piece of another type than the string that it belongs to"
    Structure "not what this format consists of"
    Unclosed "what was opened is not closed"
    TooDeep "nested deeper than is read"
    TooMany "more items than are read"
}

impl Flaw {
    /// The flaw with that number, as findings carry it.
    pub fn of(number: i64) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }
}
