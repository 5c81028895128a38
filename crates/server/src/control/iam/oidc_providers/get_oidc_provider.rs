//! `GetOpenIDConnectProvider`.

use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "GetOpenIDConnectProvider";

pub(super) async fn run(_control: &Control, call: &Call) -> Outcome {
    let found = call.provider()?;
    Ok(Element::new()
        .text("Url", &found.url)
        .texts("ClientIDList", found.client_ids.iter().map(String::as_str))
        .texts("ThumbprintList", found.thumbprints.iter().map(String::as_str))
        .time("CreateDate", found.created))
}
