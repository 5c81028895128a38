//! PEM as devices expect it: 64-character lines, `\n`, a trailing `\n`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Characters of a full line of base64.
const LINE: usize = 64;

/// A certificate's DER as PEM: lines of 64 characters, `\n`, a trailing `\n`.
#[must_use]
pub fn pem(der: &[u8]) -> String {
    write("CERTIFICATE", der)
}

/// The DER of the first certificate of a PEM text. Text around the block is ignored, as are `\r`
/// and white space inside it; `None` when there is no whole block.
#[must_use]
pub fn certificate_der(pem: &str) -> Option<Vec<u8>> {
    read(pem, &["CERTIFICATE"]).map(|(der, _)| der.to_vec())
}

/// The DER of every certificate of a PEM text, in order.
///
/// # Errors
/// One that is cut off or is no base64, or more than `bound`.
pub(crate) fn certificates(text: &str, bound: usize) -> Result<Vec<Vec<u8>>, String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(start) = rest.find(BEGIN) {
        let (der, after) = read(rest.get(start..).unwrap_or_default(), &["CERTIFICATE"])
            .ok_or_else(|| format!("certificate {} of it is damaged", found.len() + 1))?;
        if found.len() == bound {
            return Err(format!("it holds more than {bound} certificates"));
        }
        found.push(der.to_vec());
        rest = after;
    }
    Ok(found)
}

/// Any DER under any label.
pub(crate) fn write(label: &str, der: &[u8]) -> String {
    let mut text = String::with_capacity(der.len() * 4 / 3 + der.len() / 40 + 2 * label.len() + 48);
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    // 48 bytes make one line exactly, so that no line but the last is padded.
    for line in der.chunks(LINE / 4 * 3) {
        STANDARD.encode_string(line, &mut text);
        text.push('\n');
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

/// The DER of the first block that has one of the labels, and the text after that block.
pub(crate) fn read<'a>(text: &'a str, labels: &[&str]) -> Option<(Zeroizing<Vec<u8>>, &'a str)> {
    labels.iter().find_map(|label| {
        let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
        let (body, rest) = rest.split_once(&format!("-----END {label}-----"))?;
        let base64: Zeroizing<Vec<u8>> =
            Zeroizing::new(body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
        STANDARD.decode(base64.as_slice()).ok().map(|der| (Zeroizing::new(der), rest))
    })
}
