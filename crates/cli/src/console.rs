//! `fleetwright console`: a link that signs in to the console, once.

use std::process::ExitCode;

use serde_json::Value;

use crate::api::{self, Api, ApiError};
use crate::reach::Reach;

/// Print a link to the console that signs in with the rights of your credentials.
///
/// The link is good for a minute, and once. What the page holds then are temporary credentials of at
/// most 12 hours. Needs the action `fleetwright:CreateConsoleLink`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    reach: Reach,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    api::run(async {
        println!("{}", link(&args.reach.open()?).await?);
        Ok(ExitCode::SUCCESS)
    })
}

/// A link to the console of this server. Its token stands behind `#`: browsers send that nowhere.
pub(crate) async fn link(api: &Api) -> Result<String, ApiError> {
    let made = api.call("POST", "/fleetwright/console-links", &Value::Null).await?;
    let token = made.get("token").and_then(Value::as_str);
    let token = token.ok_or_else(|| ApiError::new("the answer has no token"))?;
    Ok(format!("{}/console/sign-in#{token}", api.url().trim_end_matches('/')))
}
