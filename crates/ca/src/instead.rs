//! What a text is that should have been a PEM block. It says what to do about it in a few words,
//! and shows nothing of the text but the label of a block.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::der;

/// Longest label that is shown, and longest text that may be the name of a file.
const SHOWN: usize = 40;
const FILE_NAME: usize = 1024;
const ENDINGS: [&str; 7] = [".pem", ".csr", ".crt", ".cer", ".key", ".der", ".txt"];

/// A clause such as "it is a CERTIFICATE REQUEST"; `labels` are those that would have been right.
pub(crate) fn instead(text: &str, labels: &[&str]) -> String {
    let text = text.trim();
    if text.is_empty() {
        return "it is empty".to_owned();
    }
    if let Some(label) = label(text) {
        return block(text, &label, labels);
    }
    if text.len() <= FILE_NAME && !text.contains('\n') {
        let name = text.to_ascii_lowercase();
        if name.starts_with("file:") || ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            return "it is the name of a file, not its content (with aws, write file://NAME)"
                .to_owned();
        }
    }
    let dense: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    match STANDARD.decode(dense) {
        Ok(bytes) if bytes.first() == Some(&der::SEQUENCE) => {
            "it is base64 without its lines BEGIN and END".to_owned()
        }
        _ => "it has no line that begins with -----BEGIN".to_owned(),
    }
}

/// The label of the first block that begins.
fn label(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, _) = rest.split_once("-----")?;
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ';
    (label.len() <= SHOWN && label.chars().all(plain)).then(|| label.to_owned())
}

fn block(text: &str, label: &str, labels: &[&str]) -> String {
    if label.contains("PRIVATE KEY") {
        return format!("it is a {label}, which is sent to nobody: keep it secret");
    }
    if !labels.contains(&label) {
        return format!("it is a {label}");
    }
    if text.contains("\\n") {
        return "its line breaks are written as the two characters \\n".to_owned();
    }
    if !text.contains(&format!("-----END {label}-----")) {
        return "its line END is missing: it was cut off".to_owned();
    }
    "what is between its lines BEGIN and END is not base64".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_pem_block_is_recognised() {
        let labels = ["CERTIFICATE"];
        for (text, clause) in [
            (" \n", "it is empty"),
            ("device.pem", "it is the name of a file"),
            ("file:///etc/ssl/device", "it is the name of a file"),
            ("hello", "no line that begins with -----BEGIN"),
            ("MAMCAQA=", "base64 without its lines"),
            ("-----BEGIN CERTIFICATE REQUEST-----\nAA==", "it is a CERTIFICATE REQUEST"),
            ("-----BEGIN EC PRIVATE KEY-----\nAA==", "keep it secret"),
            (
                "-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----",
                "two characters \\n",
            ),
            ("-----BEGIN CERTIFICATE-----\nAA==", "its line END is missing"),
            ("-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----", "is not base64"),
            ("-----BEGIN <script>-----\nAA==", "no line that begins"),
        ] {
            let said = instead(text, &labels);
            assert!(said.contains(clause), "{text:?}: {said}");
        }
    }
}
