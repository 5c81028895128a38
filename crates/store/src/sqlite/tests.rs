//! What only the inside can test: the settings that make a commit durable, a full disk, a panic.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::names::{AccountId, Region};
use rusqlite::config::DbConfig;
use tempfile::TempDir;

use super::condition::Condition;
use super::writer::Writer;
use super::{Sqlite, open, pages};
use crate::sql::{BeforeCommit, Sql, args};
use crate::{Change, StoreError};

const INSERT: &str = "INSERT INTO issuances (serial, key_digest, created) VALUES ($1, $2, $3)";

fn scope() -> AccountScope {
    AccountScope {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    }
}

/// Passes on what was noted, and does nothing else.
pub(super) struct Passing;

impl BeforeCommit for Passing {
    fn run(&mut self, sql: &Sql<'_>, _: usize) -> Result<Vec<Change>, StoreError> {
        Ok(sql.take_noted().0)
    }
    fn committed(&mut self) {}
}

fn opened(path: &std::path::Path) -> Sqlite {
    let sink = Arc::new(|_: &Change| {});
    Sqlite::open(path, scope(), sink, |_| {}, Box::new(Passing)).unwrap()
}

#[test]
fn a_commit_is_on_disk_before_it_is_answered() {
    let dir = TempDir::new().unwrap();
    let connection = open::writer(&dir.path().join("db")).unwrap();
    let text = |pragma: &str| -> String {
        connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap()
    };
    let synchronous: i64 =
        connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
    assert_eq!((text("journal_mode").as_str(), synchronous), ("wal", 2));
    // Without it a registration takes twice as long.
    assert!(connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG).unwrap());
}

#[tokio::test]
async fn a_full_disk_is_an_answer_and_nothing_of_the_batch_is_kept() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("db");
    let connection = open::writer(&path).unwrap();
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    // SQLite answers "disk full" at this many pages.
    let bound = format!("PRAGMA max_page_count = {};", pages + 20);
    connection.execute_batch(&bound).unwrap();
    let heard = Arc::new(Mutex::new(0));
    let count = Arc::clone(&heard);
    let sink = Arc::new(move |_: &Change| *count.lock().unwrap() += 1);
    let condition = Arc::new(Condition::of(&path).unwrap());
    let writer =
        Writer::start(connection, Arc::new(scope()), condition, sink, Box::new(Passing)).unwrap();
    let writer = Arc::new(writer);

    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let writer = Arc::clone(&writer);
            tokio::spawn(async move {
                let insert = |sql: &Sql<'_>| {
                    sql.changed(Change::AccessKey(String::new()));
                    sql.execute(INSERT, args![&vec![1_u8; 3000], &[0; 32], 1_i64])
                };
                writer.run(insert).await
            })
        })
        .collect();
    let mut kept = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => kept += 1,
            Err(error) => assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}"),
        }
    }
    drop(writer);
    assert!(kept < 25, "{kept} rows of a page each in 20 pages");
    let rows: i64 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM issuances", [], |row| row.get(0))
        .unwrap();
    assert_eq!((rows, *heard.lock().unwrap()), (kept, kept));
}

#[tokio::test]
async fn a_write_that_panics_is_undone_and_the_next_one_works() {
    let dir = TempDir::new().unwrap();
    let sqlite = opened(&dir.path().join("db"));
    let panicked = sqlite
        .write(|sql| -> Result<(), StoreError> {
            sql.execute(INSERT, args![&vec![1_u8], &[0; 32], 1_i64])?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(panicked, Err(StoreError::Corrupt(_))));
    sqlite.write(|sql| sql.execute(INSERT, args![&vec![2_u8], &[0; 32], 1_i64])).await.unwrap();
    let rows = sqlite.read(|sql| sql.count("SELECT count(*) FROM issuances", args![])).await;
    assert_eq!(rows.unwrap(), 1);
}

#[tokio::test]
async fn a_reader_that_fails_leaves_no_snapshot_behind() {
    let dir = TempDir::new().unwrap();
    let sqlite = opened(&dir.path().join("db"));
    for _ in 0..8 {
        let failed = sqlite
            .snapshot(|sql| {
                sql.count("SELECT count(*) FROM issuances", args![])?;
                sql.count("SELECT nothing FROM nowhere", args![])
            })
            .await;
        assert!(failed.is_err());
    }
    sqlite.write(|sql| sql.execute(INSERT, args![&vec![2_u8], &[0; 32], 1_i64])).await.unwrap();
    for _ in 0..8 {
        let rows = sqlite.snapshot(|sql| sql.count("SELECT count(*) FROM issuances", args![]));
        assert_eq!(rows.await.unwrap(), 1);
    }
}

/// A writer whose commits fail while `fails` is set, as they do when a sync fails.
fn failing(path: &std::path::Path, fails: &Arc<AtomicBool>) -> Arc<Writer> {
    let mut connection = open::writer(path).unwrap();
    let fails = Arc::clone(fails);
    connection.commit_hook(Some(move || fails.load(Ordering::SeqCst))).unwrap();
    let condition = Arc::new(Condition::of(path).unwrap());
    let sink = Arc::new(|_: &Change| {});
    Arc::new(
        Writer::start(connection, Arc::new(scope()), condition, sink, Box::new(Passing)).unwrap(),
    )
}

#[tokio::test]
async fn of_a_batch_that_was_rolled_back_every_answer_is_the_failure() {
    let dir = TempDir::new().unwrap();
    let fails = Arc::new(AtomicBool::new(true));
    let writer = failing(&dir.path().join("db"), &fails);
    // All in one transaction: the first holds it until the others wait in line.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let first = {
        let writer = Arc::clone(&writer);
        tokio::spawn(async move {
            let hold = move |_: &Sql<'_>| {
                wait.recv().unwrap();
                Ok(())
            };
            writer.run(hold).await
        })
    };
    let create = |writer: Arc<Writer>| {
        tokio::spawn(async move {
            let insert = |sql: &Sql<'_>| {
                if sql.exists("SELECT 1 FROM issuances WHERE created = 7", &[])? {
                    return Err(StoreError::refused(
                        fleetwright_core::error::ErrorCode::ResourceAlreadyExists,
                        "it exists",
                    ));
                }
                sql.execute(INSERT, args![&vec![1_u8], &[0; 32], 7_i64]).map(|_| true)
            };
            writer.run(insert).await
        })
    };
    let read = |writer: Arc<Writer>| {
        let look = |sql: &Sql<'_>| sql.exists("SELECT 1 FROM issuances WHERE created = 7", &[]);
        tokio::spawn(async move { writer.run(look).await })
    };
    tokio::task::yield_now().await;
    let mut others = Vec::new();
    for _ in 0..8 {
        others.push(create(Arc::clone(&writer)));
        others.push(read(Arc::clone(&writer)));
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    go.send(()).unwrap();
    assert!(first.await.unwrap().is_err());
    for other in others {
        let answer = other.await.unwrap();
        assert!(
            !matches!(answer, Ok(_) | Err(StoreError::Refused(_))),
            "told of what is not there: {answer:?}"
        );
    }
    fails.store(false, Ordering::SeqCst);
    assert!(create(Arc::clone(&writer)).await.unwrap().unwrap());
    assert!(matches!(create(writer).await.unwrap(), Err(StoreError::Refused(_))));
}

#[tokio::test]
async fn a_file_that_was_removed_or_replaced_takes_no_writes() {
    for replaced in [false, true] {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("db");
        let sqlite = opened(&path);
        let write = || sqlite.write(|sql| sql.execute(INSERT, args![&vec![], &[0; 32], 1_i64]));
        write().await.unwrap();
        assert_eq!(sqlite.stopped(), None);
        std::fs::rename(&path, dir.path().join("away")).unwrap();
        if replaced {
            std::fs::write(&path, "another").unwrap();
        }
        for _ in 0..2 {
            assert!(matches!(write().await, Err(StoreError::Unavailable(_))));
        }
        assert!(sqlite.stopped().is_some());
        let rows = sqlite.read(|sql| sql.count("SELECT count(*) FROM issuances", args![])).await;
        assert_eq!(rows.unwrap(), 1);
    }
}

/// A registry of some pages, closed, with its middle overwritten.
async fn damaged(path: &std::path::Path) {
    let sqlite = opened(path);
    for n in 0..64_u8 {
        let insert =
            move |sql: &Sql<'_>| sql.execute(INSERT, args![&vec![n; 3000], &[0; 32], 1_i64]);
        sqlite.write(insert).await.unwrap();
    }
    drop(sqlite);
    let mut bytes = std::fs::read(path).unwrap();
    let end = bytes.len();
    bytes[end - 40 * 4096..].fill(0xa5);
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn damage_that_is_found_at_any_time_stops_writes() {
    let dir = TempDir::new().unwrap();
    for by_a_statement in [true, false] {
        let path = dir.path().join(format!("db{by_a_statement}"));
        damaged(&path).await;
        assert!(!pages::faults(&path, Duration::ZERO).unwrap().is_empty());
        let sqlite = Sqlite::open_unchecked(&path, scope());
        if by_a_statement {
            let all =
                sqlite.read(|sql| sql.count("SELECT sum(length(serial)) FROM issuances", &[]));
            assert!(matches!(all.await, Err(StoreError::Damaged(_))));
        } else {
            sqlite.check_pages(std::time::Duration::ZERO).unwrap();
        }
        let write = sqlite.write(|sql| sql.execute(INSERT, args![&vec![], &[0; 32], 1_i64]));
        assert!(matches!(write.await, Err(StoreError::Unavailable(_))), "{by_a_statement}");
        assert!(sqlite.stopped().unwrap().contains("damaged"));
    }
}

#[tokio::test]
async fn a_column_is_read_by_its_name_and_a_misnamed_one_is_an_error() {
    let dir = TempDir::new().unwrap();
    let sqlite = opened(&dir.path().join("db"));
    let two = "SELECT 1 AS one, 2 AS two";
    let read = sqlite
        .read(|sql| sql.one(two, &[], |row| Ok((row.get::<i64>("two")?, row.get::<i64>("one")?))));
    assert_eq!(read.await.unwrap(), Some((2, 1)));
    let misnamed = sqlite.read(|sql| sql.one(two, &[], |row| row.get::<Option<i64>>("tow")));
    assert!(matches!(misnamed.await, Err(StoreError::Corrupt(why)) if why.contains("tow")));
    let one_of_two = sqlite.read(|sql| sql.one(two, &[], |row| row.value::<i64>()));
    assert!(matches!(one_of_two.await, Err(StoreError::Corrupt(_))));
}
