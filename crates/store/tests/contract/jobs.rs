use std::collections::BTreeMap;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::job::{DeviceUpdate, ExecutionStatus, JobSettings, JobStatus};
use fleetwright_core::names::JobId;
use fleetwright_core::time::Timestamp;
use fleetwright_store::{
    ExecutionKey, Job, JobCancel, JobExecution, JobTarget, NewJob, Store, StoreError,
};

use crate::support::{NOW, Registry, code, group, thing};

/// Nobody does more than so many parts of work here.
const PARTS: usize = 50;

fn job_id(text: &str) -> JobId {
    JobId::parse(text).unwrap()
}

fn new(id: &str, targets: &[JobTarget]) -> NewJob {
    NewJob {
        id: job_id(id),
        targets: targets.to_vec(),
        is_continuous: false,
        namespace: None,
        description: None,
        document: r#"{"do":"it"}"#.to_owned(),
        document_source: None,
        template_arn: None,
        parameters: BTreeMap::new(),
        settings: JobSettings::default(),
        tags: BTreeMap::new(),
    }
}

fn at(thing_name: &str) -> JobTarget {
    JobTarget::Thing(thing(thing_name))
}

fn key(job: &str, thing_name: &str) -> ExecutionKey {
    ExecutionKey { job: job_id(job), thing: thing(thing_name), number: None }
}

fn to(status: ExecutionStatus, expected_version: Option<i64>) -> DeviceUpdate {
    DeviceUpdate { status, details: None, expected_version, number: None, step_minutes: None }
}

/// Everything that is due at an instant.
async fn advance(store: &Store, now: Timestamp) {
    for _ in 0..PARTS {
        if !store.advance_jobs(None, now).await.unwrap() {
            return;
        }
    }
    panic!("it does not come to an end");
}

async fn job(store: &Store, id: &str) -> Job {
    store.job(&job_id(id)).await.unwrap().unwrap()
}

async fn update(
    store: &Store,
    execution: ExecutionKey,
    update: DeviceUpdate,
) -> Result<JobExecution, StoreError> {
    store.update_job_execution(execution, update, NOW).await
}

/// Who is to be told, which is then told.
async fn told(store: &Store) -> Vec<String> {
    let notices = store.job_notices().await.unwrap();
    store.job_notices_told(&notices).await.unwrap();
    let mut names: Vec<_> = notices.iter().map(|notice| notice.thing.to_string()).collect();
    names.dedup();
    names
}

pub(crate) async fn a_job_is_over_when_its_executions_are(registry: Registry) {
    let store = &registry.store;
    for name in ["one", "two"] {
        registry.thing(name).await;
    }
    store.create_job(new("j", &[at("one"), at("two")]), None, NOW).await.unwrap();
    advance(store, NOW).await;
    assert_eq!((job(store, "j").await.counts.queued, told(store).await.len()), (2, 2));
    let started = store.start_next_execution(thing("one"), None, None, NOW).await.unwrap().unwrap();
    assert_eq!((started.status, started.version), (ExecutionStatus::InProgress, 2));
    // Handed out again as it is.
    let again = store.start_next_execution(thing("one"), None, None, NOW).await.unwrap().unwrap();
    assert_eq!((again.row, again.version), (started.row, 2));
    let stale = update(store, key("j", "one"), to(ExecutionStatus::Succeeded, Some(1))).await;
    assert_eq!(code(stale), ErrorCode::VersionMismatch);
    let done = update(store, key("j", "one"), to(ExecutionStatus::Succeeded, Some(2))).await;
    assert_eq!(done.unwrap().version, 3);
    let twice = update(store, key("j", "one"), to(ExecutionStatus::InProgress, None)).await;
    assert_eq!(code(twice), ErrorCode::InvalidStateTransition);
    assert_eq!(job(store, "j").await.status, JobStatus::InProgress);
    update(store, key("j", "two"), to(ExecutionStatus::Failed, None)).await.unwrap();
    let over = job(store, "j").await;
    assert_eq!(
        (over.status, over.counts.succeeded, over.counts.failed),
        (JobStatus::Completed, 1, 1)
    );
    assert_eq!(store.next_execution(&thing("one")).await.unwrap().map(|it| it.row), None);
}

pub(crate) async fn jobs_are_refused_that_cannot_be(registry: Registry) {
    let store = &registry.store;
    registry.thing("one").await;
    store.create_job(new("j", &[at("one")]), None, NOW).await.unwrap();
    let outcomes = [
        (
            store.create_job(new("j", &[at("one")]), None, NOW).await,
            ErrorCode::ResourceAlreadyExists,
        ),
        (store.create_job(new("k", &[at("none")]), None, NOW).await, ErrorCode::ResourceNotFound),
        (
            store.create_job(new("k", &[JobTarget::Group(group("none"))]), None, NOW).await,
            ErrorCode::ResourceNotFound,
        ),
        (
            store.add_job_targets(job_id("j"), vec![at("one")], None, NOW).await.map(|_| ()),
            ErrorCode::InvalidRequest,
        ),
        (store.delete_job(job_id("j"), false, NOW).await, ErrorCode::InvalidStateTransition),
        (store.delete_job(job_id("none"), true, NOW).await, ErrorCode::ResourceNotFound),
    ];
    for (at, (outcome, expected)) in outcomes.into_iter().enumerate() {
        assert_eq!(code(outcome), expected, "{at}");
    }
    assert!(store.job(&job_id("k")).await.unwrap().is_none());
}

pub(crate) async fn a_cancelled_job_takes_its_executions_along(registry: Registry) {
    let store = &registry.store;
    let canceled = |is_forced| JobCancel { reason_code: None, comment: None, is_forced };
    for name in ["one", "two"] {
        registry.thing(name).await;
    }
    store.create_job(new("j", &[at("one"), at("two")]), None, NOW).await.unwrap();
    advance(store, NOW).await;
    store.start_next_execution(thing("one"), None, None, NOW).await.unwrap().unwrap();
    store.cancel_job(job_id("j"), canceled(false), NOW).await.unwrap();
    advance(store, NOW).await;
    let counts = job(store, "j").await.counts;
    assert_eq!((counts.in_progress, counts.canceled), (1, 1), "what is in progress goes on");
    store.cancel_job(job_id("j"), canceled(true), NOW).await.unwrap();
    advance(store, NOW).await;
    assert_eq!(job(store, "j").await.counts.canceled, 2);
    store.delete_job(job_id("j"), false, NOW).await.unwrap();
    advance(store, NOW).await;
    assert!(store.job(&job_id("j")).await.unwrap().is_none());
    assert!(store.job_execution(&key("j", "one")).await.unwrap().is_none());
}

pub(crate) async fn time_runs_out_for_what_is_in_progress(registry: Registry) {
    let (store, later) = (&registry.store, NOW.plus_millis(61_000));
    registry.thing("one").await;
    let settings = JobSettings { timeout_minutes: Some(1), ..JobSettings::default() };
    store.create_job(NewJob { settings, ..new("j", &[at("one")]) }, None, NOW).await.unwrap();
    advance(store, later).await;
    assert_eq!(job(store, "j").await.counts.queued, 1, "who has not begun has time");
    store.start_next_execution(thing("one"), None, None, NOW).await.unwrap().unwrap();
    advance(store, NOW.plus_millis(59_000)).await;
    assert_eq!(job(store, "j").await.counts.in_progress, 1);
    advance(store, later).await;
    let over = job(store, "j").await;
    assert_eq!((over.counts.timed_out, over.status), (1, JobStatus::Completed));
}

/// Those who were not told before a crash are told after it.
pub(crate) async fn a_notice_outlives_a_crash(registry: Registry) {
    registry.thing("one").await;
    registry.store.create_job(new("j", &[at("one")]), None, NOW).await.unwrap();
    advance(&registry.store, NOW).await;
    let opened = registry.opened_after_a_crash();
    assert_eq!(told(&opened.store).await, ["one"]);
    assert_eq!(told(&opened.store).await, [""; 0]);
}

pub(crate) async fn a_continuous_job_follows_its_group(registry: Registry) {
    let store = &registry.store;
    let lamps = registry.group("lamps", None).await;
    let target = JobTarget::Group(lamps.clone());
    let continuous = NewJob { is_continuous: true, ..new("j", &[target]) };
    store.create_job(continuous, None, NOW).await.unwrap();
    advance(store, NOW).await;
    assert_eq!(job(store, "j").await.counts.queued, 0);
    let one = registry.thing("one").await;
    store.add_thing_to_thing_group(one.clone(), lamps.clone(), false).await.unwrap();
    advance(store, NOW).await;
    assert_eq!(job(store, "j").await.counts.queued, 1);
    store.remove_thing_from_thing_group(one, lamps).await.unwrap();
    advance(store, NOW).await;
    let counts = job(store, "j").await.counts;
    assert_eq!((counts.queued, counts.removed), (0, 1));
}
