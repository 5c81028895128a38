//! Reads lines from a position or a time on, without reading what is before.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use fleetwright_core::time::Timestamp;

use super::{LogLine, LogPage, LogQuery, files};

/// Lines of one page. (ours)
const PAGE_LINES: usize = 1000;
/// Bytes that are read for one page, a line more at most. (ours)
const PAGE_BYTES: u64 = 1024 * 1024;
/// Bytes within which the first line of a time is looked for line by line.
const NEAR: u64 = 32 * 1024;
/// Longest line, with all that JSON escapes in it.
const LINE_BYTES: u64 = 1024 * 1024;

/// A page; `None` without a directory.
pub(super) fn page(directory: &Path, query: &LogQuery) -> io::Result<Option<LogPage>> {
    let files = match files(directory) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut page = LogPage::default();
    let mut left = PAGE_BYTES;
    for (begins, path) in files {
        let file = match File::open(path) {
            Ok(file) => file,
            // The writer has just thrown it away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let ends = begins + file.metadata()?.len();
        page.position = page.position.max(begins);
        if query.position >= ends {
            page.position = ends;
            continue;
        }
        page.position = page.position.max(query.position);
        let mut file = BufReader::new(file);
        if let Some(since) = query.since {
            let first = begins + first_since(&mut file, ends - begins, since)?;
            page.position = page.position.max(first);
        }
        file.seek(SeekFrom::Start(page.position - begins))?;
        if !lines(&mut file, query, &mut page, &mut left)? {
            page.more = true;
            break;
        }
    }
    Ok(Some(page))
}

/// Takes lines to the end of a file, or of the page: then false.
fn lines(
    file: &mut BufReader<File>,
    query: &LogQuery,
    page: &mut LogPage,
    left: &mut u64,
) -> io::Result<bool> {
    while let Some(bytes) = whole_line(file)? {
        if page.lines.len() >= PAGE_LINES || *left == 0 {
            return Ok(false);
        }
        *left = left.saturating_sub(bytes.len() as u64);
        page.position += bytes.len() as u64;
        // A line that a crash cut off is no line, nor is what stands behind a made-up position.
        let Ok(line) = serde_json::from_slice::<LogLine>(&bytes) else { continue };
        let late = query.since.is_none_or(|since| line.time >= since.0);
        let matches = query.request_id.is_none() || query.request_id == line.request_id;
        if late && matches {
            page.lines.push(line);
        }
    }
    Ok(true)
}

/// The next line with its end; `None` when it has none yet.
fn whole_line(file: &mut BufReader<File>) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.take(LINE_BYTES).read_until(b'\n', &mut bytes)?;
    let whole = bytes.ends_with(b"\n") || bytes.len() as u64 == LINE_BYTES;
    Ok(whole.then_some(bytes))
}

/// Where to begin for the lines of a time or later: at most [`NEAR`] bytes too early. Lines are
/// in the order of their times, by halves.
fn first_since(file: &mut BufReader<File>, bytes: u64, since: Timestamp) -> io::Result<u64> {
    let (mut low, mut high) = (0, bytes);
    while high.saturating_sub(low) > NEAR {
        let middle = low + (high - low) / 2;
        match after(file, middle)? {
            Some((start, line)) if line.time < since.0 => low = start,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The first line that begins after a place, with where it begins.
fn after(file: &mut BufReader<File>, place: u64) -> io::Result<Option<(u64, LogLine)>> {
    let mut start = file.seek(SeekFrom::Start(place))?;
    let mut cut = true;
    while let Some(bytes) = whole_line(file)? {
        if let (false, Ok(line)) = (cut, serde_json::from_slice(&bytes)) {
            return Ok(Some((start, line)));
        }
        cut = false;
        start += bytes.len() as u64;
    }
    Ok(None)
}
