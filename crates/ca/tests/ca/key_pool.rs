//! The pool: no key twice, no key in plain text, never more than its capacity.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use fleetwright_ca::KeyPool;
use fleetwright_ca::key_pool::BATCH;

use crate::support::{NOW, SERIAL, authority, contains, unpem};

fn sealed(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "sealed")).collect()
}

/// A pool with this many keys.
fn filled(dir: &Path, count: usize) -> KeyPool {
    let pool = KeyPool::open(dir, count).unwrap();
    while pool.refill_one().unwrap() {}
    pool
}

#[test]
fn a_key_has_the_forms_of_aws_and_gets_a_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let key = filled(dir.path(), 1).try_take().unwrap();
    assert!(key.private_key_pem.starts_with("-----BEGIN RSA PRIVATE KEY-----\nMII"));
    assert!(key.private_key_pem.ends_with("\n-----END RSA PRIVATE KEY-----\n"));
    assert!(key.public_key_pem.starts_with("-----BEGIN PUBLIC KEY-----\nMII"));
    let lines = key.private_key_pem.lines().chain(key.public_key_pem.lines());
    assert!(lines.into_iter().all(|line| line.len() <= 64));
    assert_eq!(unpem(&key.public_key_pem), key.spki_der);
    let pair = aws_lc_rs::rsa::KeyPair::from_der(&unpem(&key.private_key_pem)).unwrap();
    assert_eq!(pair.public_modulus_len(), 256);
    let public = aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref().to_vec();
    assert!(contains(&key.spki_der, &public), "the two halves belong together");
    assert!(contains(&public, &[0x02, 0x03, 0x01, 0x00, 0x01]), "the exponent is 65537");
    let (_dir, authority) = authority();
    authority.issue(authority.prepare_for_key(&key.spki_der, SERIAL, NOW).unwrap()).unwrap();
    assert!(!format!("{key:?}").contains("MII"));
}

#[test]
fn it_holds_its_capacity_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let pool = filled(dir.path(), 3);
    assert_eq!((pool.len(), pool.capacity(), sealed(dir.path()).len()), (3, 3, 3));
    assert!(!pool.refill_one().unwrap());
    assert!((0..3).all(|_| pool.try_take().is_some()));
    assert!(pool.try_take().is_none() && pool.is_empty());
    assert!(pool.refill_one().unwrap());
    assert!(pool.try_take().is_some());
    // A smaller capacity leaves the rest on disk.
    drop(filled(dir.path(), 3));
    let smaller = KeyPool::open(dir.path(), 2).unwrap();
    assert_eq!((smaller.len(), sealed(dir.path()).len()), (2, 3));
    assert!(!smaller.refill_one().unwrap());
}

#[test]
fn no_key_is_handed_out_twice_whenever_the_process_dies() {
    let dir = tempfile::tempdir().unwrap();
    let mut seen = HashSet::new();
    let mut crashed = vec![filled(dir.path(), BATCH + 4)];
    for taken in [1, 2, 40] {
        // No drop: the process is gone, and only the directory is left.
        let pool = KeyPool::open(dir.path(), BATCH + 4).unwrap();
        for key in std::iter::from_fn(|| pool.try_take()).take(taken) {
            assert!(seen.insert(key.spki_der), "handed out twice");
        }
        crashed.push(pool);
    }
    assert!(!seen.is_empty() && seen.len() <= BATCH + 4);
    assert_eq!(sealed(dir.path()).len(), 0);
}

#[test]
fn the_file_is_gone_before_the_key_is_handed_out() {
    let dir = tempfile::tempdir().unwrap();
    let pool = filled(dir.path(), BATCH + 2);
    assert_eq!(sealed(dir.path()).len(), BATCH + 2);
    pool.try_take().unwrap();
    assert_eq!(sealed(dir.path()).len(), 2);
    assert_eq!(pool.len(), BATCH + 1);
}

#[test]
fn a_key_whose_file_cannot_be_removed_is_not_handed_out() {
    let dir = tempfile::tempdir().unwrap();
    let pool = filled(dir.path(), 2);
    for path in sealed(dir.path()) {
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
    }
    assert!(pool.try_take().is_none());
}

#[test]
fn sealed_files_hold_no_plain_text_and_only_we_may_read_them() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let pool = filled(dir.path(), 1);
    let path = sealed(dir.path()).remove(0);
    let content = fs::read(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let seal_key = fs::metadata(dir.path().join("seal.key")).unwrap();
    assert_eq!((seal_key.len(), seal_key.permissions().mode() & 0o777), (32, 0o600));
    let key = pool.try_take().unwrap();
    for plain in [key.spki_der.clone(), unpem(&key.private_key_pem)] {
        assert!(plain.chunks(16).all(|part| part.len() < 16 || !contains(&content, part)));
    }
}

#[test]
fn what_does_not_open_is_set_aside_and_the_rest_is_used() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 4));
    let mut paths = sealed(dir.path());
    let (changed, emptied, renamed) = (paths.remove(0), paths.remove(0), paths.remove(0));
    let mut content = fs::read(&changed).unwrap();
    *content.last_mut().unwrap() ^= 1;
    fs::write(&changed, content).unwrap();
    fs::write(&emptied, "").unwrap();
    fs::rename(&renamed, dir.path().join(format!("{}.sealed", "0".repeat(32)))).unwrap();
    fs::write(dir.path().join("notes.txt"), "left alone").unwrap();
    let half = dir.path().join(format!(".{}.sealed.new", "1".repeat(32)));
    fs::write(&half, "half").unwrap();
    let pool = KeyPool::open(dir.path(), 4).unwrap();
    assert_eq!(pool.len(), 1);
    assert!(!half.exists() && dir.path().join("notes.txt").exists());
    let aside = fs::read_dir(dir.path())
        .unwrap()
        .filter(|entry| {
            entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".sealed.unreadable")
        })
        .count();
    assert_eq!(aside, 3);
}

#[test]
fn a_damaged_seal_key_is_named_and_left() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 1));
    fs::write(dir.path().join("seal.key"), "short").unwrap();
    let Err(error) = KeyPool::open(dir.path(), 1) else { panic!("it opened") };
    let error = error.to_string();
    assert!(error.contains("seal.key") && error.contains("32 bytes"), "{error}");
    assert_eq!(fs::read(dir.path().join("seal.key")).unwrap(), b"short");
    assert_eq!(sealed(dir.path()).len(), 1);
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let Err(error) = KeyPool::open(&file.join("pool"), 1) else { panic!("it opened") };
    assert!(error.to_string().contains("file/pool"), "{error}");
}

#[test]
fn many_takers_at_once_get_each_key_once() {
    let dir = tempfile::tempdir().unwrap();
    let pool = filled(dir.path(), 2 * BATCH);
    let taken = std::thread::scope(|scope| {
        let takers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| std::iter::from_fn(|| pool.try_take()).collect::<Vec<_>>()))
            .collect();
        takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect::<Vec<_>>()
    });
    let unique: HashSet<_> = taken.iter().map(|key| &key.spki_der).collect();
    assert_eq!((taken.len(), unique.len(), pool.len()), (2 * BATCH, 2 * BATCH, 0));
}

#[test]
fn refilling_makes_the_next_batch_ready_while_keys_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let pool = filled(dir.path(), BATCH + 8);
    (0..BATCH - 4).for_each(|_| drop(pool.try_take().unwrap()));
    assert_eq!(sealed(dir.path()).len(), 8);
    assert!(pool.refill_one().unwrap());
    assert_eq!(sealed(dir.path()).len(), 1);
    assert_eq!(pool.len(), 4 + 8 + 1);
}
