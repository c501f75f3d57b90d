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
    Kind "a value of another kind than its name asks for"
    NotFinite "a number that is none (NaN, or infinite)"
    Unclosed "what was opened is not closed"
    TooDeep "nested deeper than is read"
    TooMany "more items than are read"
    Half "half of a surrogate pair, which is no character; it is shown as it is escaped"
    Indefinite "an indefinite length where SenML has a definite one"
    Label "the label of another field: in CBOR SenML has a number for this one"
    NotUnderstood "a field that a reader has to understand, and that is not known"
    Version "a version that is not known"
    Mixed "another version than that of the records before it"
    Name "no name, or one that is not spelled as it has to be"
    NoValue "a record without a value"
    ManyValues "a record with more than one value"
    Overflow "a number or a sum that is too large to be calculated with"
    Key "a key occurs a second time"
    Order "a number that is not above the one before it"
    NoArray "no array, which this format is"
    Empty "an array of no records, where there is to be one at least"
    Operation "no operation of a patch (add, remove, replace, move, copy, test), or one that lacks what it needs"
    Pointer "no JSON Pointer"
    NoEntries "no object with an array \"e\", which this format is"
    Nesting "an entry that does not belong into the one around it"
    Tag "a value of a kind that its tag is not for"
    Date "no date and time as RFC 3339 writes them"
    Cardinal "not the whole number, or the numbers, that this attribute is"
    Flag "a value of an attribute that has none"
    Inside "a value moved into one that it holds"
    Mark "a byte order mark, which JSON must not begin with"
}

impl Flaw {
    /// Whether the bytes can be read all the same, and no rule is broken: RFC 8259 section 4 only advises against names that occur twice, and
    /// section 8.2 against halves of surrogate pairs; RFC 8428 sections 5 and 6 do not say what becomes of a number that JSON has none for, or no
    /// double holds. An empty pack is none by section 3 there, but plainly says that there is nothing; and RFC 7641 section 6 makes `obs` a flag,
    /// whose value says nothing.
    pub const fn is_mild(self) -> bool {
        matches!(self, Self::Duplicate | Self::NotFinite | Self::Overflow | Self::Empty | Self::Flag | Self::Half)
    }

    /// Whether the bytes can be read all the same, though they may break a rule: a CBOR map with a key twice is not valid (RFC 8949 section
    /// 5.6), nor is a tag around a value that it is not for (section 5.3.2), but most parsers take them.
    pub const fn is_readable(self) -> bool {
        self.is_mild() || matches!(self, Self::Key | Self::Tag | Self::Date)
    }

    /// The flaw with that number, as findings carry it.
    pub fn of(number: i64) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }
}
