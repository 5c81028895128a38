//! Fills a stopped server's registry with things, to measure it when it is large.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::names::{AccountId, Region, ThingGroupName, ThingName};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{Change, NewThing, Store, Uuid};
use serde_json::json;

use crate::Outcome;

/// Things that wait for one commit together.
const TOGETHER: usize = 2000;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The server's data directory; it must not run
    #[arg(long)]
    data_dir: PathBuf,
    /// Makes bench-0 up to, but without, this number
    #[arg(long)]
    things: usize,
    /// The first number
    #[arg(long, default_value_t = 0)]
    from: usize,
    /// A group of theirs, which exists
    #[arg(long)]
    group: Option<String>,
}

pub(crate) async fn run(args: Args) -> Outcome {
    let scope = AccountScope {
        region: Region::parse("us-east-1")?,
        account: AccountId::parse("123456789012")?,
    };
    let url = format!("sqlite:{}", args.data_dir.join("fleetwright.db").display());
    let store = Store::open(&url, scope, Arc::new(|_: &Change| {}))?;
    let group = args.group.as_deref().map(ThingGroupName::parse).transpose()?;
    let mut next = args.from;
    while next < args.things {
        let mut batch = tokio::task::JoinSet::new();
        for number in next..args.things.min(next + TOGETHER) {
            let new = NewThing {
                name: ThingName::parse(&format!("bench-{number}"))?,
                id: Uuid::from_random((number as u128).to_be_bytes()),
                type_name: None,
                billing_group: None,
                attributes: BTreeMap::new(),
            };
            let (store, group) = (store.clone(), group.clone());
            batch.spawn(async move {
                let name = new.name.clone();
                store.create_thing(new, Timestamp(0)).await?;
                match group {
                    Some(group) => store.add_thing_to_thing_group(name, group, false).await,
                    None => Ok(()),
                }
            });
        }
        while let Some(made) = batch.join_next().await {
            made??;
        }
        next += TOGETHER;
    }
    Ok(json!({ "things": args.things }))
}
