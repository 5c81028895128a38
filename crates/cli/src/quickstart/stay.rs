//! What is left running for whoever wants to look at it.

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::signal::unix::{SignalKind, signal};

use super::steps::{QuickstartError, Steps};
use crate::api::Api;
use crate::console;

/// Shows the console's link, a new one whenever Enter is pressed, until Ctrl-C or SIGTERM.
pub(super) async fn stay(api: &Api, steps: &Steps) -> Result<(), QuickstartError> {
    let fail = |error: &dyn std::fmt::Display| QuickstartError::new("cannot wait", error);
    let mut terminated = signal(SignalKind::terminate()).map_err(|error| fail(&error))?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    steps.heading("The console");
    steps.say(
        "Open this within a minute; it signs in once. Enter prints another, Ctrl-C ends it all.",
    );
    loop {
        show(api, steps).await?;
        // Where nobody can type, nothing comes.
        let enter = async {
            while !matches!(lines.next_line().await, Ok(Some(_))) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = enter => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
            _ = terminated.recv() => return Ok(()),
        }
    }
}

async fn show(api: &Api, steps: &Steps) -> Result<(), QuickstartError> {
    let link = console::link(api).await;
    let link = link.map_err(|error| QuickstartError::new("no link to the console", error))?;
    steps.say(&link);
    Ok(())
}
