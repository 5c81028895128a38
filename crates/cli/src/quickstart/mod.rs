//! `fleetwright quickstart`: a server, a template, a hook and three devices, start to finish.

mod by_hand;
mod devices;
mod fleet;
mod server;
mod steps;

use std::process::ExitCode;

use server::Server;
use steps::{Failure, Steps};

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
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let steps = Steps::new();
    let told = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new("cannot start the runtime", error))
        .and_then(|runtime| runtime.block_on(tell(args, &steps)));
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            steps.failed(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn tell(args: &Args, steps: &Steps) -> Result<(), Failure> {
    // 1. A server of our own.
    let mut server = Server::start(steps).await?;
    let api = server.api()?;

    // 2. What an operator prepares.
    let claim = fleet::prepare(&api, steps).await?;

    // 3. Devices join, by CSR and by keys; a stranger does not.
    let first = devices::join_by_csr(&server, &claim, steps).await?;
    devices::join_by_keys(&server, &claim, steps).await?;
    devices::stranger_is_refused(&server, &claim, steps).await?;

    // 4. A device as itself: what it may do, and what stops it.
    devices::live(&server, &first, steps).await?;

    // 5. What the fleet looks like now.
    fleet::show(&api, steps).await?;
    server.stop(steps).await?;
    if args.keep {
        steps.say(&format!("Kept: {}", server.keep().display()));
    }
    by_hand::print();
    Ok(())
}
