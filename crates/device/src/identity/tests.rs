use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::*;
use crate::Endpoint;

/// Power that can be cut: the file operation with this number, and all after it, fail.
#[derive(Debug)]
pub(super) struct Power(AtomicUsize);

impl Default for Power {
    fn default() -> Self {
        Self(AtomicUsize::new(usize::MAX))
    }
}

impl Power {
    pub(super) fn step(&self) -> io::Result<()> {
        let left = self.0.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other("the power is cut"));
        }
        if left != usize::MAX {
            self.0.store(left - 1, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl IdentityStore {
    pub(crate) fn cut_power_after(&self, operations: usize) {
        self.directory.power.0.store(operations, Ordering::Relaxed);
    }
}

fn identity() -> Identity {
    Identity {
        thing_name: Some("thing".into()),
        certificate_id: "id".into(),
        certificate_pem: "PEM".into(),
        key_pem: SecretPem::new("KEY"),
        device_configuration: BTreeMap::from([("a".to_owned(), "b".into())]),
        ca_pem: "CA".into(),
        endpoint: "host:8883".parse::<Endpoint>().unwrap(),
        template: "Template".into(),
    }
}

#[test]
fn what_is_committed_is_loaded() {
    let directory = TempDir::new().unwrap();
    let store = IdentityStore::open(directory.path().join("a/b")).unwrap();
    assert_eq!(store.load().unwrap(), None);
    store.commit(&identity()).unwrap();
    assert_eq!(store.load().unwrap(), Some(identity()));
}

#[test]
fn a_file_is_the_old_or_the_new_one_wherever_the_power_is_cut() {
    for operations in 0..4 {
        let directory = TempDir::new().unwrap();
        let store = IdentityStore::open(directory.path()).unwrap();
        store.write("file", b"old", file::Mode::Public).unwrap();
        store.cut_power_after(operations);
        let outcome = store.write("file", b"new", file::Mode::Public);
        let found = std::fs::read_to_string(directory.path().join("file")).unwrap();
        // The last of the three operations only makes the rename last.
        assert_eq!(found, if operations < 2 { "old" } else { "new" });
        assert_eq!(outcome.is_ok(), operations == 3);
    }
}

#[cfg(unix)]
#[test]
fn files_with_a_key_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("identity");
    let store = IdentityStore::open(&path).unwrap();
    let mode =
        |name: &str| std::fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("."), 0o700);
    // A file of that name that others may read does not stay so.
    std::fs::write(path.join("pending.json.tmp"), "").unwrap();
    store.save_journal(&Journal::Registered(Box::new(identity()))).unwrap();
    assert_eq!(mode(PENDING), 0o600);
    store.load().unwrap();
    assert_eq!(mode(KEY), 0o600);
    assert!(!path.join(PENDING).exists());
}

#[test]
fn a_damaged_file_is_named_without_its_content() {
    let directory = TempDir::new().unwrap();
    let store = IdentityStore::open(directory.path()).unwrap();
    for text in ["SECRET", "{\"state\":\"SECRET\"}", "{\"state\":\"keyMade\",\"keyPem\":7}"] {
        std::fs::write(directory.path().join(PENDING), text).unwrap();
        let error = store.load().unwrap_err().to_string();
        assert!(error.contains("pending.json is damaged") && !error.contains("SECRET"), "{error}");
    }
    std::fs::remove_file(directory.path().join(PENDING)).unwrap();
    store.commit(&identity()).unwrap();
    std::fs::remove_file(directory.path().join(KEY)).unwrap();
    assert!(store.load().unwrap_err().to_string().contains("device.key is damaged"));
}
