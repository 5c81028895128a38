//! `fleetwright quickstart`: a server, a template, a hook and three devices, start to finish.

mod by_hand;
mod devices;
mod fleet;
mod server;
mod stay;
mod steps;

use std::process::ExitCode;

use server::Server;
use steps::{QuickstartError, Steps};

/// Show everything at once: a server in a temporary directory, a claim certificate, a template
/// with a hook, two devices that join and one that may not.
///
/// Takes a few seconds, uses free ports on loopback, leaves nothing behind, and ends with the
/// commands to do the same by hand.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Keep the temporary directory and print its path
    #[arg(long)]
    keep: bool,
    /// Leave the server running, and print a link to its console
    #[arg(long)]
    stay: bool,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let steps = Steps::new();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| QuickstartError::new("cannot start the runtime", error))
        .and_then(|runtime| {
            let walked = runtime.block_on(walk_through(args, &steps));
            // A line that is waited for holds nothing up.
            runtime.shutdown_background();
            walked
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            steps.failed(&error);
            ExitCode::FAILURE
        }
    }
}

async fn walk_through(args: &Args, steps: &Steps) -> Result<(), QuickstartError> {
    // 1. A server of our own.
    let mut server = Server::start(steps).await?;
    let api = server.api()?;

    // 2. What an operator prepares.
    let claim = fleet::prepare(&api, steps).await?;

    // 3. Devices join, by CSR and by keys; one that the hook does not know cannot.
    let first = devices::join_by_csr(&server, &claim, steps).await?;
    devices::join_by_keys(&server, &claim, steps).await?;
    devices::unknown_serial_is_refused(&server, &claim, steps).await?;

    // 4. A device as itself: what it may do, and what stops it.
    devices::live(&server, &first, steps).await?;

    // 5. What the fleet looks like now.
    fleet::show(&api, steps).await?;
    if args.stay {
        stay::stay(&api, steps).await?;
    }
    server.stop(steps).await?;
    if args.keep {
        steps.say(&format!("Kept: {}", server.keep().display()));
    }
    by_hand::print();
    if !args.stay {
        steps.heading("To look at it in a browser: make quickstart ARGS=--stay");
    }
    Ok(())
}
