//! A request for an issuing CA, which a company's root is to sign.

use std::path::Path;

use crate::error::AuthorityError;
use crate::import::{NEXT, NEXT_KEY};
use crate::profile::{BASIC_CONSTRAINTS, KEY_ID_LEN, KEY_USAGE, Profile};
use crate::signer::{OwnKeys, Signer};
use crate::{der, directory, files, names, pem};

/// extensionRequest of PKCS #9: 1.2.840.113549.1.9.14.
const EXTENSION_REQUEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e];

/// A request as it goes to whoever keeps the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuingRequest {
    /// PKCS #10, PEM. It asks for a CA that signs no further CA.
    pub pem: String,
    /// Whether the key was made now; otherwise it waited for its certificate already.
    pub is_new_key: bool,
}

/// Makes a key in the authority's directory (`next/issuing.key`, mode 0600) and a request for its
/// certificate. A key that waits there already is kept, so that a certificate which is under way
/// still fits. A running server is not disturbed.
///
/// # Errors
/// When the name cannot stand in a certificate or the file system refuses.
pub fn request_issuing(
    dir: &Path,
    common_name: &str,
    keys: OwnKeys,
) -> Result<IssuingRequest, AuthorityError> {
    names::check("issuing CA", common_name)?;
    let next = dir.join(NEXT);
    files::make_dir(dir)?;
    files::make_dir(&next)?;
    let (signer, is_new_key) = match directory::read_key(&next, NEXT_KEY)? {
        Some(signer) => (signer, false),
        None => {
            let (signer, text) = Signer::generate(keys)?;
            files::write(&next, NEXT_KEY, text.as_bytes())?;
            (signer, true)
        }
    };
    let info = info(&signer, common_name)?;
    let signature = signer.sign(&info)?;
    let request = der::encoded_by(der::SEQUENCE, |out| {
        out.extend_from_slice(&info);
        out.extend_from_slice(signer.algorithm());
        der::bits(out, &signature);
    });
    Ok(IssuingRequest { pem: pem::write("CERTIFICATE REQUEST", &request), is_new_key })
}

/// CertificationRequestInfo (RFC 2986, section 4.1).
fn info(signer: &Signer, common_name: &str) -> Result<Vec<u8>, AuthorityError> {
    let spki = signer.spki()?;
    Ok(der::encoded_by(der::SEQUENCE, |out| {
        der::element(out, der::INTEGER, &[0]);
        out.extend_from_slice(&der::common_name(common_name));
        out.extend_from_slice(&spki);
        der::nested(out, 0xa0, |out| {
            der::nested(out, der::SEQUENCE, |out| {
                der::element(out, der::OID, EXTENSION_REQUEST);
                der::nested(out, der::SET, |out| der::nested(out, der::SEQUENCE, extensions));
            });
        });
    }))
}

fn extensions(out: &mut Vec<u8>) {
    let none = [0; KEY_ID_LEN];
    for extension in Profile::Issuing.extensions(&none, &none) {
        if extension.oid == BASIC_CONSTRAINTS || extension.oid == KEY_USAGE {
            der::nested(out, der::SEQUENCE, |out| {
                der::element(out, der::OID, extension.oid);
                der::element(out, der::BOOLEAN, &[0xff]);
                der::element(out, der::OCTET_STRING, &extension.value);
            });
        }
    }
}
