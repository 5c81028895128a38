//! The tar file: written whole or not at all, read with every byte accounted for.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use tar::{Archive, Builder, EntryType, Header};

use super::manifest::{Manifest, Member};
use super::{BackupError, Progress};

/// The first member.
const MANIFEST: &str = "manifest.json";
/// Bytes of the longest manifest that is read. (ours)
const MANIFEST_BYTES: u64 = 16 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;

/// SHA-256 of what is read, as 64 hexadecimal digits, and how many bytes it was.
pub(super) fn digest(mut content: impl Read) -> io::Result<(String, u64)> {
    let (mut context, mut size) = (Context::new(&SHA256), 0);
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = content.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        context.update(chunk.get(..read).unwrap_or_default());
        size += u64::try_from(read).unwrap_or(u64::MAX);
    }
    Ok((hex(context.finish().as_ref()), size))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes members to a new file (mode 0600), durably. `open` gives a member's content.
pub(super) fn write(
    path: &Path,
    manifest: &Manifest,
    mut open: impl FnMut(&Member) -> io::Result<Box<dyn Read>>,
    progress: Progress<'_>,
) -> Result<(), BackupError> {
    let fail = |error: io::Error| BackupError::io("write", path, &error);
    let file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| BackupError::io("create", path, &error))?;
    let mut builder = Builder::new(io::BufWriter::with_capacity(CHUNK, file));
    let text = serde_json::to_vec_pretty(manifest).map_err(BackupError::new)?;
    append(&mut builder, MANIFEST, text.len() as u64, manifest.created, text.as_slice())
        .map_err(fail)?;
    let total: u64 = manifest.members.iter().map(|member| member.size).sum();
    let mut done = 0;
    for member in &manifest.members {
        progress("writing the file", done, total);
        // Never more than was counted, or the file would be no tar file.
        let content = open(member).map_err(fail)?.take(member.size);
        append(&mut builder, &member.name, member.size, manifest.created, content).map_err(fail)?;
        done += member.size;
    }
    progress("writing the file", total, total);
    let file =
        builder.into_inner().map_err(fail)?.into_inner().map_err(|e| fail(e.into_error()))?;
    file.sync_all().map_err(fail)
}

fn append(
    builder: &mut Builder<impl Write>,
    name: &str,
    size: u64,
    millis: i64,
    content: impl Read,
) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_mtime(u64::try_from(millis / 1000).unwrap_or(0));
    header.set_size(size);
    builder.append_data(&mut header, name, content)
}

/// Reads a file to its end. Each member's content goes where `place` says; its size and SHA-256
/// must be those of the manifest, which is given back.
pub(super) fn read(
    path: &Path,
    mut place: impl FnMut(&Manifest, &Member) -> Result<Box<dyn Write>, BackupError>,
    progress: Progress<'_>,
) -> Result<Manifest, BackupError> {
    let unsound =
        |what: &str| BackupError(format!("{} is not a sound backup: {what}", path.display()));
    let file = File::open(path).map_err(|error| BackupError::io("open", path, &error))?;
    let mut archive = Archive::new(io::BufReader::with_capacity(CHUNK, file));
    let mut entries = archive.entries().map_err(|error| unsound(&error.to_string()))?;
    let mut next = |name: &str| match entries.next() {
        Some(Ok(entry)) if entry.path_bytes() == name.as_bytes() => Ok(entry),
        Some(Ok(entry)) => {
            let found = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            Err(unsound(&format!("{found:?} is where {name} should be")))
        }
        Some(Err(error)) => Err(unsound(&format!("where {name} should be: {error}"))),
        None => Err(unsound(&format!("it ends before {name}"))),
    };
    let mut text = Vec::new();
    next(MANIFEST)?
        .take(MANIFEST_BYTES)
        .read_to_end(&mut text)
        .map_err(|error| unsound(&error.to_string()))?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| unsound(&format!("its {MANIFEST} cannot be read: {error}")))?;
    if let Some(fault) = manifest.fault() {
        return Err(unsound(&fault));
    }
    let total: u64 = manifest.members.iter().map(|member| member.size).sum();
    let mut done = 0;
    for member in &manifest.members {
        progress("reading the file", done, total);
        let mut entry = next(&member.name)?;
        if entry.header().entry_type() != EntryType::Regular {
            return Err(unsound(&format!("{} is no file", member.name)));
        }
        let mut to = place(&manifest, member)?;
        let tee = Tee { from: &mut entry, to: &mut *to };
        let (sha256, size) = digest(tee)
            .map_err(|error| unsound(&format!("{} cannot be read: {error}", member.name)))?;
        to.flush().map_err(|error| BackupError::io("write", Path::new(&member.name), &error))?;
        if size != member.size || sha256 != member.sha256 {
            return Err(unsound(&format!(
                "{} is not what it was when the backup was made ({size} bytes with SHA-256 \
                 {sha256}, not {} with {})",
                member.name, member.size, member.sha256
            )));
        }
        done += member.size;
    }
    progress("reading the file", total, total);
    Ok(manifest)
}

/// Writes what is read from it elsewhere too.
struct Tee<'a> {
    from: &'a mut dyn Read,
    to: &'a mut dyn Write,
}

impl Read for Tee<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.to.write_all(buffer.get(..read).unwrap_or_default())?;
        Ok(read)
    }
}
