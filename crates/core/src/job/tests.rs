use super::*;
use crate::error::ErrorCode;
use crate::names::JobId;
use crate::time::Timestamp;

fn at(text: &str) -> Timestamp {
    parse_minute(text).unwrap()
}

fn counts(queued: i64, succeeded: i64, failed: i64) -> Counts {
    Counts { queued, succeeded, failed, ..Counts::default() }
}

#[test]
fn devices_take_executions_that_are_not_over_to_what_devices_report() {
    use ExecutionStatus as Status;
    for from in Status::ALL {
        for to in Status::ALL {
            let open = matches!(from, Status::Queued | Status::InProgress);
            let reported =
                ["IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"].contains(&to.as_str());
            assert_eq!(from.may_become(*to), open && reported, "{from:?} {to:?}");
        }
    }
}

#[test]
fn a_job_is_complete_when_nothing_is_left_to_do() {
    let progress = |is_continuous, has_ended, is_rolled_out, counts| Progress {
        is_continuous,
        has_ended,
        is_rolled_out,
        counts,
    };
    assert!(is_complete(&progress(false, false, true, counts(0, 2, 1))));
    assert!(is_complete(&progress(false, false, true, counts(0, 0, 0))));
    assert!(!is_complete(&progress(false, false, true, counts(1, 2, 1))));
    assert!(!is_complete(&progress(false, false, false, counts(0, 2, 1))));
    assert!(!is_complete(&progress(true, false, true, counts(0, 2, 1))));
    assert!(is_complete(&progress(true, true, true, counts(0, 2, 1))));
}

#[test]
fn a_job_is_aborted_when_enough_things_were_notified_and_enough_failed() {
    let criterion = |failure: &str, threshold, minimum| AbortCriterion {
        failure: failure.into(),
        threshold,
        minimum,
    };
    assert!(criterion("FAILED", 5000, 2).is_met(&counts(2, 0, 2)));
    assert!(!criterion("FAILED", 5000, 2).is_met(&counts(2, 1, 2)));
    assert!(!criterion("FAILED", 5000, 5).is_met(&counts(2, 0, 2)));
    assert!(!criterion("REJECTED", 1, 1).is_met(&counts(2, 0, 2)));
    assert!(criterion("ALL", 5000, 1).is_met(&counts(2, 0, 2)));
    assert!(!criterion("ALL", 0, 1).is_met(&counts(2, 0, 0)), "nothing failed");
}

#[test]
fn failures_are_tried_again_as_often_as_their_kind_says() {
    use ExecutionStatus as Status;
    let of = |failure: &str, retries| vec![RetryCriterion { failure: failure.into(), retries }];
    assert!(may_retry(&of("FAILED", 1), Status::Failed, 0, 1));
    assert!(!may_retry(&of("FAILED", 1), Status::Failed, 1, 2));
    assert!(!may_retry(&of("FAILED", 1), Status::TimedOut, 0, 1));
    assert!(!may_retry(&of("ALL", 3), Status::Rejected, 0, 1));
    assert!(may_retry(&of("ALL", 3), Status::TimedOut, 2, 1));
    assert!(!may_retry(&of("ALL", 3), Status::TimedOut, 3, 1));
    assert!(!may_retry(&of("ALL", 0), Status::Failed, 0, 1));
    let both = [of("FAILED", 10), of("TIMED_OUT", 10)].concat();
    assert!(!may_retry(&both, Status::Failed, 10, 3), "ten altogether");
}

#[test]
fn a_minute_has_so_many_executions_and_the_next_one_as_many() {
    let rollout = Rollout { maximum: Some(3), exponential: None };
    let now = at("2026-05-01T00:00");
    let none = counts(0, 0, 0);
    let first = allowance(Some(&rollout), &none, None, None, now);
    assert_eq!(first.most, Some(3));
    let used = Window { used: 3, ..first.window };
    assert_eq!(allowance(Some(&rollout), &none, None, Some(used), now).most, Some(0));
    assert_eq!(allowance(Some(&rollout), &none, None, Some(used), first.next).most, Some(3));
    assert_eq!(allowance(None, &none, None, Some(used), now).most, None);
    assert_eq!(allowance(None, &none, Some(1000), None, now).most, Some(1000));
}

#[test]
fn an_exponential_rollout_grows_with_what_was_notified_or_succeeded() {
    let exponential =
        Exponential { base: 50, factor: 20, notified: Some(1000), succeeded: Some(10) };
    let rollout = Rollout { maximum: Some(300), exponential: Some(exponential) };
    let now = Timestamp(0);
    let most = |counts| allowance(Some(&rollout), &counts, None, None, now).most;
    assert_eq!(most(counts(999, 0, 0)), Some(50));
    assert_eq!(most(counts(1000, 0, 0)), Some(100));
    assert_eq!(most(counts(2000, 0, 0)), Some(200));
    assert_eq!(most(counts(0, 20, 0)), Some(200));
    assert_eq!(most(counts(9000, 0, 0)), Some(300));
}

#[test]
fn windows_open_and_close_by_their_cron() {
    let window = |cron: &str, minutes| Schedule {
        windows: vec![MaintenanceWindow::parse(cron, minutes).unwrap()],
        ..Schedule::default()
    };
    // 2026-05-02 is a Saturday.
    let nightly = window("cron(30 23 ? * SAT *)", 60);
    assert!(!nightly.is_open(at("2026-05-02T23:29")));
    assert_eq!(nightly.next_turn(at("2026-05-02T23:29")), Some(at("2026-05-02T23:30")));
    assert!(nightly.is_open(at("2026-05-03T00:29")));
    assert_eq!(nightly.next_turn(at("2026-05-03T00:00")), Some(at("2026-05-03T00:30")));
    assert!(!nightly.is_open(at("2026-05-03T00:30")));
    assert_eq!(nightly.next_turn(at("2026-05-03T00:30")), Some(at("2026-05-09T23:30")));
    assert!(window("cron(0/15 8-10,12 1 JAN ? 2027)", 1).is_open(at("2027-01-01T12:45")));
    for wrong in
        ["", "cron()", "cron(1 2 3 4 5)", "cron(61 0 * * ? *)", "cron(0 0 L * ? *)", "1 2 3 4 5 6"]
    {
        assert!(Cron::parse(wrong).is_err(), "{wrong}");
    }
    assert!(MaintenanceWindow::parse("cron(0 0 * * ? *)", 1431).is_err());
}

#[test]
fn minutes_are_written_as_they_are_read() {
    assert_eq!(shown_minute(at("2026-05-01T07:09")), "2026-05-01T07:09");
    for wrong in [
        "2026-05-01",
        "2026-05-01T07:60",
        "2026-05-01T24:00",
        "2026-5-01T07:00",
        "2026-05-01T07:00Z",
    ] {
        assert_eq!(parse_minute(wrong), None, "{wrong}");
    }
}

#[test]
fn placeholders_are_found_and_filled() {
    let document = r#"{"a":"${aws:iot:s3-presigned-url-v2:https://s3/b/k}","b":"${x}","c":"${aws:iot:parameter:p}"}"#;
    let found: Vec<_> = placeholders(document).iter().map(|it| (it.kind, it.value)).collect();
    assert_eq!(found, [("s3-presigned-url-v2", "https://s3/b/k"), ("parameter", "p")]);
    let filled = substituted(document, |it| (it.kind == "parameter").then(|| "v".to_owned()));
    assert!(filled.contains(r#""c":"v""#) && filled.contains("presigned"), "{filled}");
    let nested = r#"{"u":"${aws:iot:s3-presigned-url-upload:https://s3/b/${thingName}/x}","n":1}"#;
    let found = placeholders(nested);
    assert_eq!((found.len(), found[0].value), (1, "https://s3/b/${thingName}/x"));
    let value = of_execution("a/${thingName}/${jobId}-${executionNumber}/${x}", "t", "j", 2);
    assert_eq!(value, "a/t/j-2/${x}");
    assert_eq!(placeholders("${aws:iot:parameter:p").len(), 0);
    assert_eq!(in_json("a\"b\\\n"), r#"a\"b\\\n"#);
}

#[test]
fn requests_are_read_or_refused_by_the_codes_of_the_service() {
    let job = || JobId::parse("j").unwrap();
    let update = JobOperation::Update(job());
    let refused = |payload: &str| read_request(&update, payload.as_bytes()).1.unwrap_err().code;
    assert_eq!(refused("[1]"), ErrorCode::InvalidJson);
    assert_eq!(refused("{bad"), ErrorCode::InvalidJson);
    for wrong in [
        "",
        "{}",
        r#"{"status":"CANCELED"}"#,
        r#"{"status":1}"#,
        r#"{"status":"FAILED","statusDetails":{"a b":"c"}}"#,
        r#"{"status":"FAILED","statusDetails":{"a":""}}"#,
        r#"{"status":"FAILED","statusDetails":[]}"#,
        r#"{"status":"FAILED","stepTimeoutInMinutes":0}"#,
        r#"{"status":"FAILED","expectedVersion":"x"}"#,
        r#"{"status":"FAILED","includeJobDocument":"yes"}"#,
    ] {
        assert_eq!(refused(wrong), ErrorCode::InvalidRequest, "{wrong}");
    }
    let payload = br#"{"status":"FAILED","expectedVersion":"2","clientToken":"t"}"#;
    let (token, asked) = read_request(&update, payload);
    assert_eq!(token.as_deref(), Some("t"));
    let Ok(Asked::Update { update, with_state: false, .. }) = asked else { panic!("{asked:?}") };
    assert_eq!(update.expected_version, Some(2));
    let (token, asked) = read_request(&JobOperation::GetPending, b"");
    assert_eq!((token, asked.unwrap()), (None, Asked::Pending));
    let many: String = (0..11).map(|n| format!(r#","k{n}":"v""#)).collect();
    let payload = format!(r#"{{"statusDetails":{{"k":"v"{many}}}}}"#);
    assert!(read_request(&JobOperation::StartNext, payload.as_bytes()).1.is_err());
}
