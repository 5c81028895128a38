//! RSA-2048 keys made in idle time, sealed at rest.
//!
//! One sealed file a key. A key's file is removed, durably, before the key may be handed out, so
//! no crash can hand it out twice; the end of the process loses fewer than two [`BATCH`]es instead.
//!
//! Fairness is the caller's: wait in line (a fair semaphore with a permit for each key) and call
//! [`KeyPool::try_take`] when it is one's turn. One thread of low priority calls
//! [`KeyPool::refill_one`] in a loop and adds a permit for each `Ok(true)`.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::signature::KeyPair;
use aws_lc_rs::{rand, rsa};
use parking_lot::{Mutex, MutexGuard};
use x509_parser::asn1_rs::{Any, FromDer};
use zeroize::Zeroizing;

use crate::error::KeyPoolError;
use crate::seal::Seal;
use crate::{files, pem};

/// Keys whose files are removed at once, for one sync of the directory.
pub const BATCH: usize = 16;
/// How a sealed key's file ends; before it stand 32 hexadecimal digits.
const SEALED: &str = ".sealed";
/// What is appended to the name of a file that does not open.
const SET_ASIDE: &str = ".unreadable";

/// A key pair for one device. Returned once, stored nowhere.
pub struct DeviceKey {
    /// PKCS#1, `-----BEGIN RSA PRIVATE KEY-----`; wiped when dropped.
    pub private_key_pem: Zeroizing<String>,
    /// SPKI, `-----BEGIN PUBLIC KEY-----`.
    pub public_key_pem: String,
    /// SubjectPublicKeyInfo, DER; what [`crate::Authority::prepare_for_key`] wants.
    pub spki_der: Vec<u8>,
}

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceKey").finish_non_exhaustive()
    }
}

/// A pool of RSA-2048 keys in a directory of its own. Share it behind an `Arc`.
pub struct KeyPool {
    dir: PathBuf,
    capacity: usize,
    seal: Seal,
    pooled: Mutex<Pooled>,
    /// Held while files are removed, so that a taker waits for the batch under way.
    disk: Mutex<()>,
}

#[derive(Default)]
struct Pooled {
    /// Their files are gone: these may be handed out.
    ready: VecDeque<DeviceKey>,
    /// On disk and, sealed, here: file name and content.
    sealed: VecDeque<(String, Vec<u8>)>,
    /// On their way from `sealed` to `ready`.
    moving: usize,
}

impl KeyPool {
    /// Opens or makes a pool of at most `capacity` keys and loads what an earlier run left. A file
    /// that does not open is set aside (renamed to `….unreadable`) with a warning; keys beyond the
    /// capacity stay on disk.
    ///
    /// # Errors
    /// When the directory cannot be used or the seal key's file is damaged.
    pub fn open(dir: &Path, capacity: usize) -> Result<Self, KeyPoolError> {
        files::make_dir(dir)?;
        let seal = Seal::open(dir)?;
        // A crash while a key was written: it was never in the pool.
        let (halves, _) = files::names(dir, capacity, is_unfinished_name)?;
        for name in halves {
            files::remove(&dir.join(name))?;
        }
        let (names, more) = files::names(dir, capacity, is_sealed_name)?;
        if more {
            tracing::info!(capacity, "the key pool's directory holds more keys than the pool may");
        }
        let mut pooled = Pooled::default();
        for name in names {
            let Some(content) = files::read(&dir.join(&name))? else { continue };
            if open_key(&seal, &name, &content).is_some() {
                pooled.sealed.push_back((name, content.to_vec()));
            } else {
                set_aside(dir, &name);
            }
        }
        Ok(Self {
            dir: dir.to_owned(),
            capacity,
            seal,
            pooled: Mutex::new(pooled),
            disk: Mutex::new(()),
        })
    }

    /// The next key, or `None` when the pool is empty or the disk fails (which is logged). Mostly
    /// touches no disk; when keys run out faster than [`KeyPool::refill_one`] comes by, a call
    /// removes files and waits for one sync of the directory: some milliseconds.
    #[must_use]
    pub fn try_take(&self) -> Option<DeviceKey> {
        loop {
            if let Some(key) = self.pooled().ready.pop_front() {
                return Some(key);
            }
            // Others may take what this makes ready, so look again; each round uses up keys.
            match self.make_ready(0) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    tracing::error!(%error, "no key can be taken from the pool");
                    return None;
                }
            }
        }
    }

    /// Unless more than `enough` keys are ready, removes the files of the next keys, then opens
    /// these keys. Whether any key is ready now.
    fn make_ready(&self, enough: usize) -> Result<bool, KeyPoolError> {
        let _alone = self.disk.lock();
        let batch: Vec<_> = {
            let mut pooled = self.pooled();
            if pooled.ready.len() > enough {
                return Ok(true);
            }
            let count = pooled.sealed.len().min(BATCH);
            pooled.moving = count;
            pooled.sealed.drain(..count).collect()
        };
        // A key whose removal failed leaves the pool too: its file may be gone or not.
        let removed = self.remove(&batch);
        let mut pooled = self.pooled();
        pooled.moving = 0;
        removed?;
        let keys = batch.iter().filter_map(|(name, sealed)| open_key(&self.seal, name, sealed));
        pooled.ready.extend(keys);
        Ok(!pooled.ready.is_empty())
    }

    /// Removes these keys' files, durably.
    fn remove(&self, batch: &[(String, Vec<u8>)]) -> Result<(), KeyPoolError> {
        if batch.is_empty() {
            return Ok(());
        }
        for (name, _) in batch {
            files::remove(&self.dir.join(name))?;
        }
        Ok(files::sync(&self.dir)?)
    }

    /// Makes one key and puts it into the pool; `false`, at once, when the pool is full. Takes
    /// some 80 ms of one core, which is why one thread of low priority should do it.
    ///
    /// # Errors
    /// When the key cannot be made or written.
    pub fn refill_one(&self) -> Result<bool, KeyPoolError> {
        let ready = self.pooled().ready.len();
        // Somebody takes keys: have the next batch ready before the last of this one is gone.
        if (1..BATCH / 2).contains(&ready) {
            self.make_ready(BATCH / 2)?;
        }
        if self.len() >= self.capacity {
            return Ok(false);
        }
        let secret = generate()?;
        let mut random = [0; 16];
        rand::fill(&mut random).map_err(|_| KeyPoolError::Crypto("give random bytes"))?;
        let name = format!("{:032x}{SEALED}", u128::from_be_bytes(random));
        let sealed = self.seal.seal(&name, &secret)?;
        files::write(&self.dir, &name, &sealed)?;
        self.pooled().sealed.push_back((name, sealed));
        Ok(true)
    }

    /// Keys that can be taken now.
    #[must_use]
    pub fn len(&self) -> usize {
        let pooled = self.pooled();
        pooled.ready.len() + pooled.moving + pooled.sealed.len()
    }

    /// Whether no key can be taken now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most keys that the pool holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    fn pooled(&self) -> MutexGuard<'_, Pooled> {
        self.pooled.lock()
    }
}

fn is_sealed_name(name: &str) -> bool {
    name.strip_suffix(SEALED)
        .is_some_and(|stem| stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_unfinished_name(name: &str) -> bool {
    name.strip_prefix('.').and_then(|name| name.strip_suffix(".new")).is_some_and(is_sealed_name)
}

fn set_aside(dir: &Path, name: &str) {
    let path = dir.join(name);
    let aside = dir.join(format!("{name}{SET_ASIDE}"));
    let moved = fs::rename(&path, &aside);
    tracing::warn!(
        file = %path.display(),
        moved = moved.is_ok(),
        "a sealed key does not open with the pool's seal key; it is set aside and not used"
    );
}

/// A new key as it is sealed: the SPKI (length, two bytes, big-endian; content), then the PKCS#1.
fn generate() -> Result<Zeroizing<Vec<u8>>, KeyPoolError> {
    let failed = |_| KeyPoolError::Crypto("make an RSA-2048 key");
    let key = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).map_err(failed)?;
    let spki: PublicKeyX509Der<'_> = key.public_key().as_der().map_err(failed)?;
    let pkcs8: Pkcs8V1Der<'_> = key.as_der().map_err(failed)?;
    let pkcs1 = inner_key(pkcs8.as_ref()).ok_or(KeyPoolError::Crypto("encode an RSA key"))?;
    let spki = spki.as_ref();
    let length =
        u16::try_from(spki.len()).map_err(|_| KeyPoolError::Crypto("encode an RSA key"))?;
    let mut secret = Zeroizing::new(Vec::with_capacity(2 + spki.len() + pkcs1.len()));
    secret.extend_from_slice(&length.to_be_bytes());
    secret.extend_from_slice(spki);
    secret.extend_from_slice(pkcs1);
    Ok(secret)
}

/// The PKCS#1 key inside a PKCS#8 one: version, algorithm, OCTET STRING.
fn inner_key(pkcs8: &[u8]) -> Option<&[u8]> {
    let (_, whole) = Any::from_der(pkcs8).ok()?;
    let (rest, _version) = Any::from_der(whole.data).ok()?;
    let (rest, _algorithm) = Any::from_der(rest).ok()?;
    let (_, key) = Any::from_der(rest).ok()?;
    Some(key.data)
}

/// Opens a sealed key and writes it for the device.
fn open_key(seal: &Seal, name: &str, sealed: &[u8]) -> Option<DeviceKey> {
    let secret = seal.unseal(name, sealed)?;
    let (length, rest) = secret.split_first_chunk::<2>()?;
    let (spki, pkcs1) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some(DeviceKey {
        private_key_pem: Zeroizing::new(pem::write("RSA PRIVATE KEY", pkcs1)),
        public_key_pem: pem::write("PUBLIC KEY", spki),
        spki_der: spki.to_vec(),
    })
}
