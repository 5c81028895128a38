//! What a certificate costs: microseconds of one core, beside the bare cryptography that no
//! implementation can go without. The dev profile will
//! do: it optimizes dependencies, and most of this is cryptography.

use std::hint::black_box;
use std::time::Instant as Clock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};
use fleetwright_ca::{Authority, AuthorityNames, KeyPool, certificate_facts, pem};
use fleetwright_core::time::Timestamp;

const TIMES: u32 = 5_000;

fn micros<T>(what: &str, times: u32, mut work: impl FnMut() -> T) {
    black_box(work());
    let start = Clock::now();
    for _ in 0..times {
        black_box(work());
    }
    println!("{what:<44} {:>9.1} µs", start.elapsed().as_secs_f64() * 1e6 / f64::from(times));
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let now = Timestamp(1_700_000_000_000);
    let authority = Authority::create_or_open(dir.path(), &AuthorityNames::default(), now)?;
    let key = rcgen::KeyPair::generate()?;
    let csr = rcgen::CertificateParams::default().serialize_request(&key)?.pem()?;

    let random = SystemRandom::new();
    let bare = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
    let message = [7; 400];
    let signature = bare.sign(&random, &message)?;
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, bare.public_key().as_ref());
    micros("bare P-256 sign", TIMES, || bare.sign(&random, &message));
    micros("bare P-256 verify", TIMES, || public.verify(&message, signature.as_ref()));

    let prepare = || authority.prepare_from_csr(&csr, [7; 20], now);
    micros("prepare_from_csr (1 verify)", TIMES, &prepare);
    micros("prepare_from_csr + issue (2 verify, 1 sign)", TIMES, || {
        prepare().map(|prepared| authority.issue(prepared))
    });
    let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
    let prepare = || authority.prepare_for_key(&spki, [7; 20], now);
    micros("prepare_for_key", TIMES, &prepare);
    micros("prepare_for_key + issue (1 verify, 1 sign)", TIMES, || {
        prepare().map(|prepared| authority.issue(prepared))
    });
    let der = authority.issue(prepare()?)?.der;
    micros("pem", TIMES, || pem(&der));
    micros("certificate_facts", TIMES, || certificate_facts(&der));

    let pool = KeyPool::open(&dir.path().join("pool"), 64)?;
    micros("KeyPool::refill_one", 47, || pool.refill_one());
    micros("KeyPool::try_take, mean of 3 batches", 47, || pool.try_take());
    Ok(())
}
