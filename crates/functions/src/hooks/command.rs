//! A hook as a local command: the request on standard input, the verdict on standard output.

use std::process::Stdio;
use std::time::Duration;

use fleetwright_core::limits;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, Command};

use super::{HookError, LOG_BYTES};
use crate::hooks::settings::HookCommand;

/// Longest wait for what a command that has ended left on its standard error. (ours)
const LEFT_OVER: Duration = Duration::from_millis(50);

/// Runs the program and gives its standard output; `printed` takes the beginning of its standard
/// error. The process is killed when the caller gives up.
pub(super) async fn run(
    command: &HookCommand,
    request: &[u8],
    printed: &mut Vec<u8>,
) -> Result<Vec<u8>, HookError> {
    let mut child = Command::new(&command.program)
        .args(&command.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .process_group(0)
        .spawn()
        .map_err(|error| HookError::new(format_args!("cannot run {}: {error}", command.program)))?;
    let _group = Group(child.id());
    let (Some(mut input), Some(output), Some(errors)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(HookError::new("the command has no standard streams"));
    };
    let feed = async {
        // A command that decides without reading closes its input early; that is its right.
        let _ = input.write_all(request).await;
        drop(input);
    };
    let mut hearing = std::pin::pin!(hear(errors, printed));
    let decided = async {
        let mut answer = Vec::new();
        let mut bounded = output.take(limits::HOOK_ANSWER_BYTES as u64 + 1);
        let ((), read) = tokio::join!(feed, bounded.read_to_end(&mut answer));
        read.map_err(HookError::new)?;
        if answer.len() > limits::HOOK_ANSWER_BYTES {
            let most = limits::HOOK_ANSWER_BYTES;
            return Err(HookError::new(format_args!("its answer is larger than {most} bytes")));
        }
        let status = child.wait().await.map_err(HookError::new)?;
        if !status.success() {
            return Err(HookError::new(format_args!("{} ended with {status}", command.program)));
        }
        Ok(answer)
    };
    tokio::pin!(decided);
    let mut heard = false;
    loop {
        tokio::select! {
            decision = &mut decided => {
                if !heard {
                    // A process that it left behind may hold the stream open for ever.
                    let _ = tokio::time::timeout(LEFT_OVER, hearing).await;
                }
                return decision;
            }
            () = &mut hearing, if !heard => heard = true,
        }
    }
}

/// The processes of a command; what it left behind ends with its answer.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.0.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            // Nobody is left, usually.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

/// Reads a stream to its end; keeps its beginning.
async fn hear(mut stream: ChildStderr, printed: &mut Vec<u8>) {
    let mut chunk = [0; 1024];
    while let Ok(count @ 1..) = stream.read(&mut chunk).await {
        let room = LOG_BYTES.saturating_sub(printed.len());
        printed.extend_from_slice(chunk.get(..count.min(room)).unwrap_or_default());
    }
}
