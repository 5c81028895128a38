//! A hook as a local command: the request on standard input, the verdict on standard output.

use std::process::Stdio;

use fleetwright_core::limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::HookFailure;
use crate::config::HookCommand;

/// Runs the program and gives its standard output. The process is killed when the caller gives up.
pub(super) async fn run(command: &HookCommand, request: &[u8]) -> Result<Vec<u8>, HookFailure> {
    let mut child = Command::new(&command.program)
        .args(&command.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            HookFailure::new(format_args!("cannot run {}: {error}", command.program))
        })?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(HookFailure::new("the command has no standard input or output"));
    };
    let feed = async {
        // A command that decides without reading closes its input early; that is its right.
        let _ = input.write_all(request).await;
        drop(input);
    };
    let mut answer = Vec::new();
    let mut bounded = output.take(limits::HOOK_ANSWER_BYTES as u64 + 1);
    let read = bounded.read_to_end(&mut answer);
    let ((), read) = tokio::join!(feed, read);
    read.map_err(HookFailure::new)?;
    if answer.len() > limits::HOOK_ANSWER_BYTES {
        return Err(HookFailure::new(format_args!(
            "its answer is larger than {} bytes",
            limits::HOOK_ANSWER_BYTES
        )));
    }
    let status = child.wait().await.map_err(HookFailure::new)?;
    if !status.success() {
        return Err(HookFailure::new(format_args!("{} ended with {status}", command.program)));
    }
    Ok(answer)
}
