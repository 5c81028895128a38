use super::*;

fn audit() -> (Audit, mpsc::Receiver<Entry>) {
    let (queue, waiting) = mpsc::channel(QUEUE);
    (Audit::with(queue), waiting)
}

fn record(principal: &str, outcome: &str) -> AuditRecord {
    AuditRecord {
        at: Timestamp(0),
        principal: principal.to_owned(),
        client_id: None,
        operation: "unknown".to_owned(),
        resource: None,
        parameters: String::new(),
        source: None,
        outcome: outcome.to_owned(),
        code: None,
        reason: None,
        request_id: String::new(),
    }
}

const USER: &str = "arn:aws:iam::000000000000:user/a";

#[test]
fn strangers_leave_so_many_records_a_second_whatever_they_came_to() {
    let (audit, _waiting) = audit();
    let kept = |outcome, second| {
        (0..1000).filter(|_| audit.keeps(&record(ANONYMOUS, outcome), second)).count()
    };
    assert_eq!(kept(REJECTED, 7), 100);
    assert_eq!(kept(DENIED, 7), 0);
    assert_eq!(kept(REJECTED, 8), 100);
}

#[test]
fn strangers_hide_nothing_of_those_who_are_proven() {
    let (audit, _waiting) = audit();
    for _ in 0..1000 {
        let _ = audit.keeps(&record(ANONYMOUS, REJECTED), 7);
        let _ = audit.keeps(&record(ANONYMOUS, DENIED), 7);
    }
    let kept = |outcome| (0..1000).filter(|_| audit.keeps(&record(USER, outcome), 7)).count();
    assert_eq!((kept(DENIED), kept(REJECTED), kept(ACCEPTED)), (100, 1000, 1000));
}

#[tokio::test]
async fn a_write_that_fails_is_attempted_again_so_many_times() {
    for failures in [0_u32, 3, 4] {
        let mut attempts = 0;
        let done = persisting(|| {
            attempts += 1;
            std::future::ready(if attempts > failures { Ok(()) } else { Err("full") })
        })
        .await;
        assert_eq!((done.is_ok(), attempts), (failures < 4, (failures + 1).min(4)));
    }
}
