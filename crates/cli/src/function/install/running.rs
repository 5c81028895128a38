//! Running the programs that install, with a sign of life.

use std::collections::VecDeque;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

use crate::terminal::plain;

/// Longest time of one program; compiling the client of Node.js takes minutes. (ours)
const TIMEOUT: Duration = Duration::from_secs(20 * 60);
/// Lines of a program that failed that are shown. (ours)
const SHOWN: usize = 25;
/// Characters of the sign of life. (ours)
const LIFE: usize = 70;

/// A program in PATH.
pub(super) fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// Runs a program to its end; the lines of its standard output.
pub(super) async fn output_of(
    program: &Path,
    arguments: &[&str],
) -> Result<Vec<String>, Box<dyn Error>> {
    let output = Command::new(program).args(arguments).output().await;
    let output = output.map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    if !output.status.success() {
        let why = plain(&String::from_utf8_lossy(&output.stderr));
        return Err(format!("{} ended with {}: {why}", program.display(), output.status).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

/// Runs a program to its end; a terminal sees its last line meanwhile, a log what is done.
pub(super) async fn watch(doing: &str, mut command: Command) -> Result<(), Box<dyn Error>> {
    let bar = ProgressBar::new_spinner().with_message(doing.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    if bar.is_hidden() {
        eprintln!("{doing}");
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{doing}: cannot run it: {error}"))?;
    let (lines, mut received) = mpsc::channel(64);
    if let Some(stream) = child.stdout.take() {
        tokio::spawn(read_lines(stream, lines.clone()));
    }
    if let Some(stream) = child.stderr.take() {
        tokio::spawn(read_lines(stream, lines.clone()));
    }
    drop(lines);
    let mut last = VecDeque::new();
    let ended = tokio::time::timeout(TIMEOUT, async {
        while let Some(line) = received.recv().await {
            let life: String = line.chars().take(LIFE).collect();
            bar.set_message(format!("{doing}: {life}"));
            last.push_back(line);
            if last.len() > SHOWN {
                last.pop_front();
            }
        }
        child.wait().await
    });
    let ended = ended.await;
    bar.finish_and_clear();
    let shown = || last.iter().map(|line| format!("\n  {line}")).collect::<String>();
    match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("{doing}: it ended with {status}{}", shown()).into()),
        Ok(Err(error)) => Err(format!("{doing}: {error}").into()),
        Err(_) => Err(format!("{doing}: no end after {} s{}", TIMEOUT.as_secs(), shown()).into()),
    }
}

async fn read_lines(stream: impl AsyncRead + Unpin, lines: mpsc::Sender<String>) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    while let Ok(1..) = stream.read_until(b'\n', &mut line).await {
        let text = plain(String::from_utf8_lossy(&line).trim_end());
        line.clear();
        if lines.send(text).await.is_err() {
            return;
        }
    }
}
