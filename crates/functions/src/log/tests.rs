use super::*;

fn name() -> FunctionName {
    FunctionName::parse("hook").unwrap()
}

fn line(time: i64, request: &str, message: &str) -> LogLine {
    LogLine {
        time,
        version: "$LATEST".into(),
        request_id: Some(request.into()),
        stream: Stream::Stdout,
        message: message.into(),
    }
}

/// A writer and what it wrote: `count` lines, one a second, of about `bytes` bytes.
fn written(count: i64, bytes: usize) -> (tempfile::TempDir, Writer) {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(directory.path().to_owned());
    for time in 0..count {
        let request = if time % 2 == 0 { "even" } else { "odd" };
        writer.write(&name(), &line(time * 1000, request, &"x".repeat(bytes))).unwrap();
    }
    (directory, writer)
}

fn page(directory: &tempfile::TempDir, query: &LogQuery) -> LogPage {
    read::page(&directory.path().join("hook"), query).unwrap().unwrap()
}

/// Every page from a position on, as the times of their lines.
fn times(directory: &tempfile::TempDir, mut query: LogQuery) -> Vec<i64> {
    let mut times = Vec::new();
    loop {
        let page = page(directory, &query);
        times.extend(page.lines.iter().map(|line| line.time / 1000));
        query.position = page.position;
        if !page.more {
            return times;
        }
    }
}

#[test]
fn a_function_that_never_logged_has_no_log() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(read::page(&directory.path().join("hook"), &LogQuery::default()).unwrap(), None);
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let (directory, _writer) = written(2500, 10);
    assert_eq!(times(&directory, LogQuery::default()), (0..2500).collect::<Vec<_>>());
}

#[test]
fn who_follows_reads_only_what_came_since() {
    let (directory, mut writer) = written(3, 10);
    let end = page(&directory, &LogQuery::default()).position;
    let query = LogQuery { position: end, ..LogQuery::default() };
    assert_eq!(page(&directory, &query), LogPage { position: end, ..LogPage::default() });
    writer.write(&name(), &line(9000, "even", "new")).unwrap();
    assert_eq!(times(&directory, query), [9]);
}

#[test]
fn a_time_is_found_in_both_files() {
    // More than one file of 4 MiB, less than two.
    let (directory, _writer) = written(6000, 1000);
    assert_eq!(files(&directory.path().join("hook")).unwrap().len(), 2);
    for since in [0, 1, 2999, 4000, 5998, 5999, 6000] {
        let query = LogQuery { since: Some(Timestamp(since * 1000)), ..LogQuery::default() };
        assert_eq!(times(&directory, query), (since..6000).collect::<Vec<_>>(), "{since}");
    }
}

#[test]
fn the_oldest_lines_go_and_positions_stay() {
    let (directory, mut writer) = written(9000, 1000);
    let first = page(&directory, &LogQuery::default());
    assert!(first.lines[0].time > 0, "the first file is gone");
    let all = times(&directory, LogQuery::default());
    assert_eq!(all, (all[0]..9000).collect::<Vec<_>>());
    let gone = LogQuery { position: 10, ..LogQuery::default() };
    assert_eq!(times(&directory, gone)[0], all[0], "a position that is gone begins at the oldest");
    let end = LogQuery { position: first.position, ..LogQuery::default() };
    writer.write(&name(), &line(9_000_000, "even", "new")).unwrap();
    assert_eq!(times(&directory, end).last(), Some(&9000));
}

#[test]
fn one_invocation_is_told_from_the_others() {
    let (directory, _writer) = written(10, 10);
    let query = LogQuery { request_id: Some("odd".into()), ..LogQuery::default() };
    assert_eq!(times(&directory, query), [1, 3, 5, 7, 9]);
}

#[test]
fn a_line_that_a_crash_cut_off_swallows_no_other() {
    let (directory, writer) = written(2, 10);
    drop(writer);
    let (_, path) = files(&directory.path().join("hook")).unwrap().pop().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() - 5]).unwrap();
    assert_eq!(times(&directory, LogQuery::default()), [0]);
    let mut writer = Writer::new(directory.path().to_owned());
    writer.write(&name(), &line(2000, "even", "next")).unwrap();
    assert_eq!(times(&directory, LogQuery::default()), [0, 2]);
}
