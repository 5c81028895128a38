//! What a worker prints, by lines, read without a task of its own: nothing that was printed
//! before an answer is missed by a read after it.

use std::io;
use std::process::Stdio;

use tokio::net::unix::pipe;

/// Longest line, bytes; a longer one is cut into several. (ours)
const LINE: usize = 16 * 1024;
const CHUNK: usize = 8 * 1024;
/// Bytes taken at once: a worker that prints faster than we read must not delay its own time-out. (ours)
const AT_ONCE: usize = 64 * 1024;

/// One of a worker's output streams.
pub(super) struct Lines {
    from: Option<pipe::Receiver>,
    partial: Vec<u8>,
}

impl Lines {
    /// A stream and the end that the worker writes to.
    pub(super) fn open() -> io::Result<(Self, Stdio)> {
        let (sender, receiver) = pipe::pipe()?;
        let end = Stdio::from(sender.into_blocking_fd()?);
        Ok((Self { from: Some(receiver), partial: Vec::new() }, end))
    }

    /// Returns when there may be something to take; never when the stream has ended.
    pub(super) async fn readable(&self) {
        let Some(from) = &self.from else { return std::future::pending().await };
        // An error shows when it is read.
        let _ = from.readable().await;
    }

    /// Takes the whole lines that are there, of the next [`AT_ONCE`] bytes. A runtime that writes
    /// several lines as one entry separates them by carriage returns.
    pub(super) fn take(&mut self, mut each: impl FnMut(&str)) {
        let mut chunk = [0; CHUNK];
        let mut taken = 0;
        while let Some(from) = self.from.as_ref().filter(|_| taken < AT_ONCE) {
            match from.try_read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => {
                    self.from = None;
                    self.rest(&mut each);
                }
                Ok(count) => {
                    taken += count;
                    self.partial.extend_from_slice(chunk.get(..count).unwrap_or_default());
                    self.whole_lines(&mut each);
                }
            }
        }
    }

    /// Takes what has no end of line yet.
    pub(super) fn rest(&mut self, mut each: impl FnMut(&str)) {
        if !self.partial.is_empty() {
            each(&String::from_utf8_lossy(&self.partial));
            self.partial.clear();
        }
    }

    fn whole_lines(&mut self, each: &mut impl FnMut(&str)) {
        let mut start = 0;
        for end in
            self.partial.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at)
        {
            let line = self.partial.get(start..end).unwrap_or_default();
            each(&String::from_utf8_lossy(line).trim_end_matches('\r').replace('\r', "\n"));
            start = end + 1;
        }
        self.partial.drain(..start);
        if self.partial.len() >= LINE {
            self.rest(each);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn lines_come_whole_and_what_has_no_end_comes_last() {
        let (mut sender, receiver) = pipe::pipe().unwrap();
        let mut lines = Lines { from: Some(receiver), partial: Vec::new() };
        let mut heard = Vec::new();
        sender.write_all(b"one\r\ntwo\rthree\n\nfo").await.unwrap();
        lines.readable().await;
        lines.take(|line| heard.push(line.to_owned()));
        assert_eq!(heard, ["one", "two\nthree", ""]);
        sender.write_all(b"ur\xff\nfive").await.unwrap();
        drop(sender);
        lines.readable().await;
        lines.take(|line| heard.push(line.to_owned()));
        assert_eq!(heard.split_off(3), ["four\u{fffd}", "five"]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_prints_without_end_is_left_in_between() {
        let (mut sender, receiver) = pipe::pipe().unwrap();
        let mut lines = Lines { from: Some(receiver), partial: Vec::new() };
        let writing =
            tokio::spawn(async move { while sender.write_all(&[b'\n'; CHUNK]).await.is_ok() {} });
        let mut heard = 0;
        lines.readable().await;
        lines.take(|_| heard += 1);
        assert!(heard <= AT_ONCE, "{heard}");
        drop(lines);
        writing.await.unwrap();
    }

    #[tokio::test]
    async fn a_line_without_end_is_cut() {
        let (mut sender, receiver) = pipe::pipe().unwrap();
        let mut lines = Lines { from: Some(receiver), partial: Vec::new() };
        let writing = tokio::spawn(async move { sender.write_all(&vec![b'x'; 3 * LINE]).await });
        let mut heard = 0;
        while heard < 3 * LINE {
            lines.readable().await;
            lines.take(|line| {
                assert!(line.len() <= LINE + CHUNK);
                heard += line.len();
            });
            assert!(lines.partial.len() < LINE);
        }
        writing.await.unwrap().unwrap();
    }
}
