//! The command line, shared by `fleetwright-device` and `fleetwright device`.

mod args;
mod operate;
mod output;
mod provision;
#[cfg(test)]
mod tests;

pub use args::{Args, Command};
use output::CommandError;

/// Runs one command and returns the exit code of the process: 0 done, 1 failed, 2 wrong usage,
/// 3 refused by the server for good, 4 not authorized, 5 out of time. Results go to standard
/// output, progress and reasons to standard error. Blocks; not to be called inside a runtime.
pub fn run(args: Args) -> u8 {
    let output = args.command.output();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(perform(args.command)),
        Err(cause) => Err(CommandError::other(format!("the runtime does not start: {cause}"))),
    };
    match outcome {
        Ok(()) => 0,
        Err(failure) => {
            failure.report(output);
            failure.exit_code()
        }
    }
}

async fn perform(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Provision(args) => provision::provision(*args).await,
        Command::Connect(args) => operate::connect(args).await,
        Command::Publish(args) => operate::publish(args).await,
        Command::Subscribe(args) => operate::subscribe(args).await,
        Command::Show(args) => operate::show(&args),
    }
}
