//! Deployment packages: a ZIP archive of bounded size whose files stay below their directory.

use std::io::{Cursor, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::error::Refusal;
use fleetwright_core::limits::{FUNCTION_UNZIPPED_BYTES, FUNCTION_ZIP_BYTES, FUNCTION_ZIP_ENTRIES};
use fleetwright_core::text::shown_arn;
use fleetwright_store::FunctionCode;
use zip::ZipArchive;

use crate::rest::members::invalid;

/// Kind of a file that is a symbolic link, in the upper bits of its Unix mode.
const LINK: u32 = 0o120_000;
const KIND: u32 = 0o170_000;

/// A package from its Base64; on a thread of its own, as it may take a second.
///
/// # Errors
/// Not Base64, not a ZIP archive, too large, or with a name that leads elsewhere.
pub(super) async fn package(text: &str) -> Result<FunctionCode, Refusal> {
    let text = text.to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        let zip = STANDARD
            .decode(text)
            .map_err(|error| invalid("The ZipFile is not Base64.").because(error))?;
        check(&zip)?;
        let mut sha256 = [0; 32];
        sha256
            .copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &zip).as_ref());
        Ok(FunctionCode { sha256, zip })
    });
    reading.await.map_err(Refusal::internal)?
}

fn check(zip: &[u8]) -> Result<(), Refusal> {
    if zip.len() > FUNCTION_ZIP_BYTES {
        return Err(invalid(format!(
            "The deployment package has {} bytes; the limit is {FUNCTION_ZIP_BYTES}.",
            zip.len()
        )));
    }
    let broken = |error: &dyn std::fmt::Display| {
        invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
            .because(error)
    };
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(|error| broken(&error))?;
    if archive.is_empty() {
        return Err(invalid("Uploaded file must be a non-empty zip"));
    }
    if archive.len() > FUNCTION_ZIP_ENTRIES {
        return Err(invalid(format!(
            "The deployment package has {} files and directories; the limit is \
             {FUNCTION_ZIP_ENTRIES}.",
            archive.len()
        )));
    }
    let mut left = FUNCTION_UNZIPPED_BYTES;
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(|error| broken(&error))?;
        let shown = shown_arn(file.name());
        if leads_elsewhere(file.name()) {
            return Err(invalid(format!(
                "The deployment package has '{shown}': names must be relative, without '..', \
                 backslashes or control characters."
            )));
        }
        if file.unix_mode().is_some_and(|mode| mode & KIND == LINK) {
            return Err(invalid(format!(
                "The deployment package has the symbolic link '{shown}'; pack what it points at."
            )));
        }
        // The size in a header may be wrong.
        let bytes = std::io::copy(&mut file.by_ref().take(left + 1), &mut std::io::sink())
            .map_err(|error| broken(&error))?;
        left = left.checked_sub(bytes).ok_or_else(|| {
            invalid(format!("Unzipped size must be smaller than {FUNCTION_UNZIPPED_BYTES} bytes"))
        })?;
    }
    Ok(())
}

fn leads_elsewhere(name: &str) -> bool {
    let odd = |c: char| c == '\\' || c.is_control();
    name.is_empty()
        || name.starts_with('/')
        || name.contains(odd)
        || name.split('/').any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn a_package_of_files_below_its_directory_is_taken() {
        check(&packed(&[("app.py", b"x"), ("lib/a.py", b""), ("..data/x", b"y")])).unwrap();
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["../a", "/etc/passwd", "a/../../b", "a\\b", "a\nb", ".."] {
            let refused = check(&packed(&[(name, b"x")])).unwrap_err();
            assert!(refused.message.contains("names must be relative"), "{name}: {refused}");
        }
    }

    #[test]
    fn links_are_refused() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("a", "/etc", SimpleFileOptions::default()).unwrap();
        let refused = check(&writer.finish().unwrap().into_inner()).unwrap_err();
        assert!(refused.message.contains("symbolic link"), "{refused}");
    }

    #[test]
    fn what_is_no_whole_archive_is_refused() {
        let whole = packed(&[("app.py", b"some text that is packed")]);
        let mut torn = whole.clone();
        torn[40] ^= 0xff;
        for bytes in [&b""[..], b"PK", b"no archive", &whole[..whole.len() / 2], &torn] {
            let refused = check(bytes).unwrap_err();
            assert!(refused.message.starts_with("Could not unzip"), "{refused}");
        }
        let refused = check(&packed(&[])).unwrap_err();
        assert!(refused.message.contains("non-empty"), "{refused}");
    }

    #[test]
    fn a_bomb_is_refused_before_it_goes_off() {
        let zeros = vec![0; 1 << 20];
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("bomb", SimpleFileOptions::default()).unwrap();
        for _ in 0..=250 {
            writer.write_all(&zeros).unwrap();
        }
        let packed = writer.finish().unwrap().into_inner();
        assert!(packed.len() < FUNCTION_ZIP_BYTES / 10);
        let refused = check(&packed).unwrap_err();
        assert!(refused.message.starts_with("Unzipped size must be smaller"), "{refused}");
    }

    #[test]
    fn too_many_files_are_refused() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for n in 0..=FUNCTION_ZIP_ENTRIES {
            writer.start_file(n.to_string(), SimpleFileOptions::default()).unwrap();
        }
        let refused = check(&writer.finish().unwrap().into_inner()).unwrap_err();
        assert!(refused.message.contains("files and directories"), "{refused}");
    }
}
