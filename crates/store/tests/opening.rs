//! What cannot be opened is refused clearly, and left as it was.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::names::{AccountId, PolicyName, Region};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{Change, NewIssuance, OpenError, Store};
use rusqlite::Connection;
use tempfile::TempDir;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn open(path: &Path) -> Result<Store, OpenError> {
    let scope = AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    };
    Store::open(path.to_str().unwrap(), scope, Arc::new(|_: &Change| {}))
}

/// Every file of a directory with its bytes.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// Opens a file that must be refused, and must stay as it is.
#[track_caller]
fn refused(dir: &TempDir) -> OpenError {
    let before = files(dir.path());
    let error = open(&dir.path().join("db")).unwrap_err();
    let after = files(dir.path());
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert!(before == after, "the bytes changed: {error}");
    error
}

/// A registry with a few hundred policies.
async fn filled(dir: &TempDir) {
    let store = open(&dir.path().join("db")).unwrap();
    for n in 0..300 {
        let name = PolicyName::parse(&format!("p{n}")).unwrap();
        store.create_policy(name, "x".repeat(500), BTreeMap::new(), NOW).await.unwrap();
    }
}

#[test]
fn a_text_is_no_database() {
    for content in ["hello", &"long enough to hold a header ".repeat(10)] {
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join("db"), content).unwrap();
        assert!(matches!(refused(&dir), OpenError::NotADatabase(_)));
    }
}

#[test]
fn a_database_of_another_program_is_refused() {
    for pragma in ["", "PRAGMA application_id = 7;", "PRAGMA user_version = 3;"] {
        let dir = TempDir::new().unwrap();
        let other = Connection::open(dir.path().join("db")).unwrap();
        other.execute_batch(&format!("CREATE TABLE t (x); {pragma}")).unwrap();
        drop(other);
        assert!(matches!(refused(&dir), OpenError::Foreign(_)), "{pragma}");
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let dir = TempDir::new().unwrap();
    filled(&dir).await;
    let newer = Connection::open(dir.path().join("db")).unwrap();
    newer.execute_batch("PRAGMA user_version = 99;").unwrap();
    drop(newer);
    let error = refused(&dir);
    assert!(matches!(error, OpenError::Newer { found: 99, known: 1..99, .. }), "{error}");
}

#[tokio::test]
async fn a_newer_schema_that_is_still_in_the_log_is_refused() {
    let dir = TempDir::new().unwrap();
    filled(&dir).await;
    let newer = Connection::open(dir.path().join("db")).unwrap();
    newer.execute_batch("PRAGMA user_version = 99;").unwrap();
    // As after a crash: the log is there, nobody has it open.
    let crashed = TempDir::new().unwrap();
    for name in ["db", "db-wal"] {
        std::fs::copy(dir.path().join(name), crashed.path().join(name)).unwrap();
    }
    let before = files(crashed.path());
    let error = open(&crashed.path().join("db")).unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error}");
    // The index of the log may be made anew; database and log are as they were.
    let after = files(crashed.path());
    assert!(["db", "db-wal"].iter().all(|name| before.get(*name) == after.get(*name)));
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let dir = TempDir::new().unwrap();
    filled(&dir).await;
    let path = dir.path().join("db");
    let whole = std::fs::read(&path).unwrap();
    let middle = whole.len() / 2;
    let mut damaged = whole.clone();
    damaged.get_mut(middle..middle + 4096).unwrap().fill(0xa5);
    std::fs::write(&path, &damaged).unwrap();
    assert!(matches!(refused(&dir), OpenError::Corrupt { .. }));
    std::fs::write(&path, whole.get(..middle).unwrap()).unwrap();
    assert!(matches!(refused(&dir), OpenError::Corrupt { .. }));
}

#[test]
fn a_place_that_cannot_be_written_is_refused() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    // A missing directory, a file for a directory, a directory for a file, a file system that
    // takes no files (permissions would not stop root).
    for path in ["none/db", "file/db", "", "/proc/fleetwright.db"] {
        let error = open(&dir.path().join(path)).unwrap_err();
        assert!(matches!(error, OpenError::Inaccessible { .. }), "{path}: {error:?}");
    }
    let scope = AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    };
    let error = Store::open("mysql://host/db", scope, Arc::new(|_: &Change| {})).unwrap_err();
    assert_eq!(error, OpenError::UnknownScheme("mysql".to_owned()));
}

#[tokio::test]
async fn a_file_whose_first_migration_was_cut_off_is_opened() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("db");
    Connection::open(&path)
        .unwrap()
        .pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
        .unwrap();
    open(&path).unwrap().list_policies(None, 1, true).await.unwrap();
    open(&path).unwrap().list_policies(None, 1, true).await.unwrap();
}

#[tokio::test]
async fn an_unfinished_issuance_is_removed_at_the_next_start() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("db");
    let new = NewIssuance { serial: vec![1], key_digest: [1; 32], claim: None };
    open(&path).unwrap().begin_issuance(new, NOW).await.unwrap();
    let count = || -> i64 {
        Connection::open(&path)
            .unwrap()
            .query_row("SELECT count(*) FROM issuances", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(count(), 1);
    drop(open(&path).unwrap());
    assert_eq!(count(), 0);
}

#[tokio::test]
async fn a_first_page_that_a_power_cut_tore_is_recovered_from_the_log() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("db");
    let store = open(&path).unwrap();
    let name = PolicyName::parse("kept").unwrap();
    store.create_policy(name, "{}".into(), BTreeMap::new(), NOW).await.unwrap();
    // The log has the first page, as it does while a checkpoint writes it back.
    let log = Connection::open(&path).unwrap();
    log.execute_batch("CREATE TABLE t (x); DROP TABLE t;").unwrap();
    for torn in [0..100, 0..512, 0..4096, 16..24, 60..72] {
        let crashed = TempDir::new().unwrap();
        for name in ["db", "db-wal"] {
            std::fs::copy(dir.path().join(name), crashed.path().join(name)).unwrap();
        }
        let path = crashed.path().join("db");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.get_mut(torn.clone()).unwrap().fill(0xa5);
        std::fs::write(&path, bytes).unwrap();
        let scope = AccountScope {
            region: Region::parse("us-east-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
        };
        Store::inspect(path.to_str().unwrap(), &scope).unwrap().unwrap();
        let store = open(&path).unwrap();
        let page = store.list_policies(None, 10, true).await.unwrap();
        assert_eq!(page.items.len(), 1, "{torn:?}");
    }
}

#[tokio::test]
async fn a_log_whose_database_is_gone_is_kept() {
    for empty in [false, true] {
        let dir = TempDir::new().unwrap();
        let store = open(&dir.path().join("db")).unwrap();
        let name = PolicyName::parse("kept").unwrap();
        store.create_policy(name, "{}".into(), BTreeMap::new(), NOW).await.unwrap();
        let crashed = TempDir::new().unwrap();
        std::fs::copy(dir.path().join("db-wal"), crashed.path().join("db-wal")).unwrap();
        if empty {
            std::fs::write(crashed.path().join("db"), "").unwrap();
        }
        assert!(matches!(refused(&crashed), OpenError::LogAlone { .. }));
    }
}
