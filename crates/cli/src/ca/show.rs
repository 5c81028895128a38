//! `fleetwright ca show`.

use std::error::Error;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use comfy_table::{ContentArrangement, Table, presets};
use fleetwright_core::time::Timestamp;
use fleetwright_installation::issuing::{self, Ending, Overview, Shown, Which, days_left};
use serde_json::{Value, json};

use crate::backup::Output;
use crate::terminal::{Colours, plain, plain_json};

pub(super) fn show(data_dir: &Path, which: Which, output: Output) -> Result<(), Box<dyn Error>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let now = Timestamp(i64::try_from(now.as_millis())?);
    let Some(found) = issuing::overview(data_dir, which)? else {
        return Err(format!(
            "there is no authority in {} yet: the first start makes one, or `fleetwright ca import` \
             puts yours there",
            data_dir.join(which.directory()).display()
        )
        .into());
    };
    match output {
        Output::Json => println!("{}", plain_json(&as_json(&found, now))),
        Output::Text => print(&found, now),
    }
    Ok(())
}

/// What a roll-over is at.
fn state(found: &Overview) -> &'static str {
    match &found.previous {
        Some(previous) if previous.is_trusted => "roll-over under way",
        Some(_) => "roll-over ended",
        None if found.is_waiting => "request waits for its certificate",
        None => "steady",
    }
}

fn as_json(found: &Overview, now: Timestamp) -> Value {
    let one = |it: &Shown| {
        json!({
            "file": it.file,
            "subject": it.subject,
            "issuer": it.issuer,
            "sha256": it.fingerprint,
            "notBefore": it.not_before.utc().to_string(),
            "notAfter": it.not_after.utc().to_string(),
            "daysLeft": days_left(it.not_after, now),
        })
    };
    let previous = found.previous.as_ref();
    let before = previous.filter(|it| it.is_trusted).map(|it| one(&it.root));
    let trusted: Vec<Value> = std::iter::once(one(&found.root)).chain(before).collect();
    json!({
        "state": state(found),
        "signing": found.signing.iter().map(one).collect::<Vec<_>>(),
        "trusted": trusted,
        "hasRootKey": found.has_root_key,
        "server": found.server.as_ref().map(one),
        "previous": previous.map(|it| json!({
            "root": one(&it.root),
            "issuing": one(&it.issuing),
            "until": it.until.map(|until| until.utc().to_string()),
            "isTrusted": it.is_trusted,
        })),
        "earlier": found.earlier.iter().map(one).collect::<Vec<_>>(),
        "isWaiting": found.is_waiting,
        "fault": found.fault,
    })
}

fn print(found: &Overview, now: Timestamp) {
    let colours = Colours::of_output();
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["", "subject", "issuer", "ends", "days left"]);
    let mut add = |what: &str, it: &Shown| {
        let days = days_left(it.not_after, now).to_string();
        let days = match Ending::of(it.not_after, now) {
            None => days,
            Some(Ending::Soon) => colours.yellow(&days),
            Some(_) => colours.red(&days),
        };
        let end = it.not_after.utc().to_string();
        table.add_row([what.to_owned(), plain(&it.subject), plain(&it.issuer), end, days]);
    };
    for (place, it) in found.signing.iter().enumerate() {
        add(if place == 0 { "signs for devices" } else { "above it" }, it);
    }
    add("trusted root", &found.root);
    if let Some(previous) = &found.previous {
        let (root, issuing) = match previous.is_trusted {
            true => ("trusted root before", "signs for the server"),
            false => ("root before, over", "issuing CA before, over"),
        };
        add(root, &previous.root);
        add(issuing, &previous.issuing);
    }
    if let Some(server) = &found.server {
        add("server", server);
    }
    for it in &found.earlier {
        add("signed before", it);
    }
    println!("{table}");
    let until = found.previous.as_ref().filter(|it| it.is_trusted);
    match until.map(|it| it.until) {
        None => println!("state: {}", state(found)),
        Some(Some(until)) => println!("state: {}, until {}", state(found), until.utc()),
        Some(None) => println!("state: {}, until `fleetwright ca retire`", state(found)),
    }
    if let Some(fault) = &found.fault {
        println!("{}", colours.red(&format!("a server would not start: {}", plain(fault))));
    }
}
