//! Input from a directory that the configuration allows: a bucket is a directory in it.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::{INPUT_BYTES, TaskFailure, kept};

/// Copies `root/bucket/key` to `copy`, whole or not at all.
pub(super) async fn fetch(
    root: PathBuf,
    bucket: &str,
    key: &str,
    copy: PathBuf,
) -> Result<(), TaskFailure> {
    let source = resolve(&root, bucket, key)?;
    let shown = format!("{bucket}/{key}");
    let copied = tokio::task::spawn_blocking(move || {
        let bytes = std::fs::metadata(&source)?.len();
        if bytes > INPUT_BYTES {
            return Err(io::Error::other(format!(
                "it has {bytes} bytes; the limit is {INPUT_BYTES}"
            )));
        }
        let mut source = File::open(&source)?;
        Ok(take_over(&mut source, &copy).map_err(|error| kept(&copy, &error)))
    });
    let copied: io::Result<Result<(), TaskFailure>> = copied.await.map_err(TaskFailure::new)?;
    copied.map_err(|error| TaskFailure::new(format_args!("Cannot read {shown}: {error}.")))?
}

/// What fails here is the copy's: the source was opened.
fn take_over(source: &mut File, copy: &Path) -> io::Result<()> {
    let part = copy.with_extension("part");
    let mut file = File::create(&part)?;
    let copied = io::copy(source, &mut file).and_then(|_| file.sync_all());
    let done = copied.and_then(|()| std::fs::rename(&part, copy));
    if done.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    done
}

/// The file of a key; nothing outside of the bucket, by dots or by links.
fn resolve(root: &Path, bucket: &str, key: &str) -> Result<PathBuf, TaskFailure> {
    let plain =
        |text: &str| Path::new(text).components().all(|part| matches!(part, Component::Normal(_)));
    let outside =
        || TaskFailure::new(format_args!("Input {bucket}/{key} leads out of its bucket."));
    if !plain(bucket) || bucket.contains('/') || !plain(key) {
        return Err(outside());
    }
    let bucket_path = root.join(bucket);
    let missing = |error| TaskFailure::new(format_args!("Cannot read {bucket}/{key}: {error}."));
    let home = bucket_path.canonicalize().map_err(missing)?;
    let file = bucket_path.join(key).canonicalize().map_err(missing)?;
    let within_root = root.canonicalize().map_err(missing)?;
    if !file.starts_with(&home) || !home.starts_with(&within_root) {
        return Err(outside());
    }
    if !file.is_file() {
        return Err(TaskFailure::new(format_args!("Input {bucket}/{key} is no file.")));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_to_a_file_of_its_bucket_and_nowhere_else() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("buckets");
        std::fs::create_dir_all(root.join("plant/day")).unwrap();
        std::fs::create_dir_all(root.join("other")).unwrap();
        std::fs::write(root.join("plant/day/one.jsonl"), "{}").unwrap();
        std::fs::write(root.join("other/two.jsonl"), "{}").unwrap();
        std::fs::write(directory.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink("../../secret", root.join("plant/link")).unwrap();
        std::os::unix::fs::symlink("../..", root.join("plant/up")).unwrap();
        std::os::unix::fs::symlink("..", root.join("away")).unwrap();
        assert!(resolve(&root, "plant", "day/one.jsonl").is_ok());
        for (bucket, key) in [
            ("plant", "../other/two.jsonl"),
            ("plant", "/etc/passwd"),
            ("plant", "./day/one.jsonl/.."),
            ("plant", "link"),
            ("plant", "up/secret"),
            ("plant", "absent"),
            ("plant", "day"),
            ("..", "secret"),
            ("away", "secret"),
            ("plant/day", "one.jsonl"),
            ("plant", ""),
        ] {
            assert!(resolve(&root, bucket, key).is_err(), "{bucket} {key}");
        }
    }
}
