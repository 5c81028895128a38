use fleetwright_core::error::ErrorCode;
use fleetwright_store::{
    DirectRegistration, LineOutcome, NewRegistrationTask, RegistrationTask, TaskStatus, Uuid,
};

use crate::support::{NOW, Registry, code, id, issued, plan, registration, thing};

fn new(n: u8) -> NewRegistrationTask {
    NewRegistrationTask {
        id: Uuid([n; 16]),
        template_body: "{}".to_owned(),
        bucket: "bucket".to_owned(),
        key: "key".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/r".to_owned(),
    }
}

async fn started(registry: &Registry, n: u8) -> RegistrationTask {
    registry.store.start_registration_task(new(n), NOW).await.unwrap();
    registry.store.registration_task(Uuid([n; 16])).await.unwrap().unwrap()
}

async fn end(registry: &Registry, task: &RegistrationTask) {
    let (from, to) = (TaskStatus::InProgress, TaskStatus::Completed);
    let store = &registry.store;
    assert!(store.move_registration_task(task.row, from, to, None, NOW).await.unwrap());
    assert!(!store.move_registration_task(task.row, from, to, None, NOW).await.unwrap());
}

fn line(task: &RegistrationTask, line: u64, succeeded: bool) -> LineOutcome {
    LineOutcome { task: task.row, line, succeeded, outcome: format!("line {line}") }
}

pub(crate) async fn a_second_task_at_a_time_is_refused(registry: Registry) {
    let first = started(&registry, 1).await;
    let refused = registry.store.start_registration_task(new(2), NOW).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    end(&registry, &first).await;
    let second = started(&registry, 2).await;
    let list = |status| registry.store.list_registration_tasks(status, None, 1);
    let page = list(None).await.unwrap();
    assert_eq!((page.items, page.next), (vec![(second.row, Uuid([2; 16]))], Some(second.row)));
    let page = list(Some(TaskStatus::Completed)).await.unwrap();
    assert_eq!((page.items, page.next), (vec![(first.row, Uuid([1; 16]))], None));
}

/// What is asked for, its certificate and its outcome are there together or not at all.
pub(crate) async fn a_line_is_registered_once_with_its_outcome(registry: Registry) {
    let task = started(&registry, 1).await;
    let store = &registry.store;
    for attempt in 1..=2 {
        let row =
            fleetwright_store::NewIssuance { serial: vec![1], key_digest: [7; 32], claim: None };
        let issuance = store.begin_issuance(row, NOW).await.unwrap();
        let mut apply = registration(attempt, plan(attempt, &format!("t{attempt}")));
        apply.token = None;
        let bring = fleetwright_store::Issued { token: None, ..issued(attempt) };
        let direct = DirectRegistration {
            apply,
            bring: Some(fleetwright_store::Bring::Issued(issuance, bring)),
            line: Some(line(&task, 7, true)),
        };
        let result = store.register_directly(direct).await;
        if attempt == 1 {
            assert!(result.unwrap().created);
        } else {
            assert_eq!(code(result), ErrorCode::ConflictingResourceUpdate);
        }
    }
    assert!(store.certificate_state(id(1)).await.unwrap().is_some());
    assert!(store.certificate_state(id(2)).await.unwrap().is_none());
    assert_eq!(store.thing(&thing("t2")).await.unwrap(), None);
    store.note_line(line(&task, 9, false), NOW).await.unwrap();
    assert_eq!(store.noted_lines(task.row, 7, 8).await.unwrap(), [7]);
    let found = store.registration_task(Uuid([1; 16])).await.unwrap().unwrap();
    assert_eq!((found.succeeded, found.failed), (1, 1));
    for (succeeded, wanted) in [(true, "line 7"), (false, "line 9")] {
        let report = store.registration_report(task.row, succeeded, 0, 10).await.unwrap();
        assert_eq!(report, [wanted]);
        assert!(store.registration_report(task.row, succeeded, 1, 10).await.unwrap().is_empty());
    }
}

pub(crate) async fn an_old_task_goes_with_its_lines_when_it_has_ended(registry: Registry) {
    let task = started(&registry, 1).await;
    let store = &registry.store;
    store.note_line(line(&task, 1, true), NOW).await.unwrap();
    let later = NOW.plus_millis(1);
    assert!(!store.purge_registration_task(later).await.unwrap());
    end(&registry, &task).await;
    assert!(!store.purge_registration_task(NOW).await.unwrap());
    assert!(store.purge_registration_task(later).await.unwrap());
    assert!(store.registration_task(Uuid([1; 16])).await.unwrap().is_none());
    assert!(store.noted_lines(task.row, 0, 9).await.unwrap().is_empty());
}
