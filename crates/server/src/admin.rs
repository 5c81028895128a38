//! The administrator's access key: made on the first start, written where `aws` reads it.

use std::pin::Pin;

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::PolicyName;
use fleetwright_store::{AccessKey, AccessKeyStatus, Store};
use zeroize::Zeroizing;

use crate::app::StartError;
use crate::clock;
use crate::data_dir::DataDir;
use crate::identities::{Identity, StoredPolicy};
use crate::sealing::Sealing;

/// AWS's shared-credentials format.
const FILE: &str = "admin.credentials";
const USER: &str = "admin";
/// AWS's managed policy that allows everything.
const ADMINISTRATOR: &str = "AdministratorAccess";
const ADMINISTRATOR_DOCUMENT: &str = r#"{"Version":"2012-10-17",
    "Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
/// Characters of an access key id after `AKIA`, as on AWS.
const ID_CHARS: usize = 16;

/// Makes the administrator's key unless there is one. The file comes first: a start that is cut
/// in between makes a new key, never one that nobody can read.
pub(crate) async fn ensure(
    dir: &DataDir,
    store: &Store,
    sealing: &Sealing,
) -> Result<(), StartError> {
    if !store.access_keys_of(USER).await.map_err(StartError::new)?.is_empty() {
        return Ok(());
    }
    let mut random = Zeroizing::new([0; ID_CHARS + 30]);
    rand::fill(random.as_mut_slice()).map_err(StartError::new)?;
    let (of_id, of_secret) = random.split_at(ID_CHARS);
    let id: String = "AKIA".chars().chain(of_id.iter().map(|byte| base32_digit(*byte))).collect();
    // 30 bytes are 40 characters, as AWS's secrets have.
    let secret = Zeroizing::new(STANDARD.encode(of_secret));
    let file = Zeroizing::new(format!(
        "[default]\naws_access_key_id = {id}\naws_secret_access_key = {}\n",
        *secret
    ));
    dir.write(FILE, 0o600, file.as_bytes()).map_err(StartError::new)?;
    let secret_sealed = sealing.seal(&purpose(&id), secret.as_bytes()).map_err(StartError::new)?;
    let key = AccessKey {
        id,
        secret_sealed,
        user: USER.into(),
        status: AccessKeyStatus::Active,
        created: clock::now(),
    };
    store.put_access_key(key).await.map_err(StartError::new)
}

/// The policies of the administrator, who may do everything; nobody else has any.
pub(crate) fn policies(
    identity: Identity,
) -> Pin<Box<dyn Future<Output = Result<Vec<StoredPolicy>, Refusal>> + Send>> {
    Box::pin(async move {
        let name = PolicyName::parse(ADMINISTRATOR).map_err(Refusal::internal)?;
        let document = ADMINISTRATOR_DOCUMENT.to_owned();
        Ok(match identity {
            Identity::User(user) if user.as_str() == USER => {
                vec![StoredPolicy { name, version: 1, document }]
            }
            _ => Vec::new(),
        })
    })
}

/// The secret of an access key, in the clear.
pub(crate) fn open_secret(
    sealing: &Sealing,
    key: &AccessKey,
) -> Result<Zeroizing<String>, Refusal> {
    let secret = Zeroizing::new(
        sealing.open_sealed(&purpose(&key.id), &key.secret_sealed).map_err(Refusal::internal)?,
    );
    let text = std::str::from_utf8(&secret).map_err(Refusal::internal)?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn purpose(id: &str) -> String {
    format!("secret of access key {id}")
}

fn base32_digit(byte: u8) -> char {
    const DIGITS: [char; 32] = [
        'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R',
        'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', '2', '3', '4', '5', '6', '7',
    ];
    DIGITS.get(usize::from(byte % 32)).copied().unwrap_or('A')
}
