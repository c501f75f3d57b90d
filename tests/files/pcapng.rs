//! Makes pcapng files, for the tests of several programs.
#![allow(dead_code, reason = "each of these programs has use for some of it")]

/// Builds a pcapng file.
#[derive(Clone, Default)]
pub(crate) struct Builder {
    pub(crate) bytes: Vec<u8>,
    pub(crate) big_endian: bool,
}

impl Builder {
    pub(crate) fn new(big_endian: bool) -> Self {
        Self { bytes: Vec::new(), big_endian }.section()
    }

    pub(crate) fn n32(&self, number: u32) -> [u8; 4] {
        if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub(crate) fn n16(&self, number: u16) -> [u8; 2] {
        if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    /// A block of any kind; the body is padded.
    pub(crate) fn block(mut self, kind: u32, body: &[u8]) -> Self {
        let length = 12 + body.len().next_multiple_of(4) as u32;
        self.bytes.extend(self.n32(kind));
        self.bytes.extend(self.n32(length));
        self.bytes.extend(body);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.bytes.extend(self.n32(length));
        self
    }

    pub(crate) fn section(self) -> Self {
        let mut body = self.n32(0x1a2b_3c4d).to_vec();
        body.extend(self.n16(1));
        body.extend(self.n16(0));
        body.extend([0xff; 8]);
        self.block(0x0a0d_0d0a, &body)
    }

    pub(crate) fn options(&self, options: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (code, value) in options {
            bytes.extend(self.n16(*code));
            bytes.extend(self.n16(value.len() as u16));
            bytes.extend(*value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        if !options.is_empty() {
            bytes.extend([0; 4]);
        }
        bytes
    }

    pub(crate) fn interface(self, link: u16, snaplen: u32, options: &[(u16, &[u8])]) -> Self {
        let mut body = self.n16(link).to_vec();
        body.extend([0; 2]);
        body.extend(self.n32(snaplen));
        body.extend(self.options(options));
        self.block(1, &body)
    }

    /// A frame of which the capture cut a byte.
    pub(crate) fn frame(self, interface: u32, ticks: u64, payload: &[u8], options: &[(u16, &[u8])]) -> Self {
        self.enhanced(interface, ticks, payload, payload.len() as u32 + 1, options)
    }

    pub(crate) fn whole_frame(self, interface: u32, ticks: u64, payload: &[u8]) -> Self {
        self.enhanced(interface, ticks, payload, payload.len() as u32, &[])
    }

    fn enhanced(self, interface: u32, ticks: u64, payload: &[u8], original: u32, options: &[(u16, &[u8])]) -> Self {
        let mut body = self.n32(interface).to_vec();
        body.extend(self.n32((ticks >> 32) as u32));
        body.extend(self.n32(ticks as u32));
        body.extend(self.n32(payload.len() as u32));
        body.extend(self.n32(original));
        body.extend(payload);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(self.options(options));
        self.block(6, &body)
    }

    pub(crate) fn old_frame(self, interface: u16, ticks: u64, payload: &[u8]) -> Self {
        let mut body = self.n16(interface).to_vec();
        body.extend(self.n16(7));
        body.extend(self.n32((ticks >> 32) as u32));
        body.extend(self.n32(ticks as u32));
        body.extend(self.n32(payload.len() as u32));
        body.extend(self.n32(payload.len() as u32));
        body.extend(payload);
        self.block(2, &body)
    }

    pub(crate) fn simple_frame(self, original: u32, payload: &[u8]) -> Self {
        let mut body = self.n32(original).to_vec();
        body.extend(payload);
        self.block(3, &body)
    }
}
