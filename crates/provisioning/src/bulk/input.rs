//! The copied input, read in batches of lines; an over-long line takes no more memory than it may.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Bytes of a line. AWS: quota, 256 KB.
pub(super) const LINE_BYTES: usize = 256 * 1024;
/// Lines that are looked at together. (ours)
const BATCH: usize = 64;

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InputLine {
    /// Counted from 1.
    pub(super) number: u64,
    /// Byte at which it begins.
    pub(super) offset: u64,
    /// Its text; `None` when it is longer than [`LINE_BYTES`].
    pub(super) text: Option<Vec<u8>>,
}

/// Reads lines; blank ones are counted but not given.
pub(super) struct Input {
    reader: BufReader<File>,
    number: u64,
    offset: u64,
}

impl Input {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { reader: BufReader::new(File::open(path)?), number: 0, offset: 0 })
    }

    /// The next lines; none at the end.
    pub(super) fn batch(&mut self) -> io::Result<Vec<InputLine>> {
        let mut lines = Vec::new();
        while lines.len() < BATCH {
            match self.line()? {
                None => break,
                Some(line) if line.text.as_ref().is_some_and(|text| text.is_empty()) => {}
                Some(line) => lines.push(line),
            }
        }
        Ok(lines)
    }

    fn line(&mut self) -> io::Result<Option<InputLine>> {
        let mut text = Vec::new();
        let bound = u64::try_from(LINE_BYTES).unwrap_or(u64::MAX) + 1;
        let read = Read::by_ref(&mut self.reader).take(bound).read_until(b'\n', &mut text)?;
        if read == 0 {
            return Ok(None);
        }
        let mut whole = u64::try_from(read).unwrap_or(u64::MAX);
        let ended = text.last() == Some(&b'\n');
        if !ended && text.len() > LINE_BYTES {
            whole += self.skip_line()?;
        }
        let fits = ended || text.len() <= LINE_BYTES;
        self.number += 1;
        let offset = self.offset;
        self.offset += whole;
        let text = fits.then(|| text.trim_ascii().to_vec());
        Ok(Some(InputLine { number: self.number, offset, text }))
    }

    fn skip_line(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(skipped);
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(buffer.len(), |end| end + 1);
            self.reader.consume(used);
            skipped += u64::try_from(used).unwrap_or(u64::MAX);
            if end.is_some() {
                return Ok(skipped);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_their_numbers_and_offsets_and_long_ones_no_text() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("input");
        let long = "x".repeat(LINE_BYTES * 3);
        let just = "y".repeat(LINE_BYTES);
        std::fs::write(&path, format!("a\r\n\n{long}\nb\n{just}\nlast")).unwrap();
        let mut input = Input::open(&path).unwrap();
        let lines = input.batch().unwrap();
        let after = u64::try_from(4 + long.len() + 1).unwrap();
        let found: Vec<_> = lines
            .iter()
            .map(|line| (line.number, line.offset, line.text.as_ref().map(Vec::len)))
            .collect();
        let last = after + 2 + u64::try_from(LINE_BYTES).unwrap() + 1;
        assert_eq!(
            found,
            [
                (1, 0, Some(1)),
                (3, 4, None),
                (4, after, Some(1)),
                (5, after + 2, Some(LINE_BYTES)),
                (6, last, Some(4)),
            ]
        );
        assert!(input.batch().unwrap().is_empty());
    }
}
