//! What only the inside can test: the settings that make a commit durable, a full disk, a panic.

use std::sync::{Arc, Mutex};

use fleetwright_core::arn::Home;
use fleetwright_core::names::{AccountId, Region};
use rusqlite::config::DbConfig;
use tempfile::TempDir;

use super::writer::Writer;
use super::{Sqlite, open};
use crate::sql::args;
use crate::{Change, StoreError};

const INSERT: &str = "INSERT INTO issuances (serial, key_digest, created) VALUES ($1, $2, $3)";

fn home() -> Home {
    Home {
        region: Region::parse("us-east-1").unwrap(),
        account: AccountId::parse("123456789012").unwrap(),
    }
}

#[test]
fn a_commit_is_on_disk_before_it_is_answered() {
    let dir = TempDir::new().unwrap();
    let connection = open::writer(&dir.path().join("db"), &home()).unwrap();
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
    let connection = open::writer(&path, &home()).unwrap();
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    // SQLite answers "disk full" at this many pages.
    let bound = format!("PRAGMA max_page_count = {};", pages + 20);
    connection.execute_batch(&bound).unwrap();
    let heard = Arc::new(Mutex::new(0));
    let count = Arc::clone(&heard);
    let sink = Arc::new(move |_: &Change| *count.lock().unwrap() += 1);
    let writer = Arc::new(Writer::start(connection, Arc::new(home()), sink).unwrap());

    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let writer = Arc::clone(&writer);
            tokio::spawn(async move {
                let insert = |sql: &crate::sql::Sql<'_>| {
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
    let sqlite = Sqlite::open(&dir.path().join("db"), home(), Arc::new(|_: &Change| {})).unwrap();
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
    let sqlite = Sqlite::open(&dir.path().join("db"), home(), Arc::new(|_: &Change| {})).unwrap();
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
