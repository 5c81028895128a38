//! `PublishVersion`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleetwright_core::error::Refusal;
use fleetwright_core::function::Qualifier;
use fleetwright_core::limits::FUNCTION_DESCRIPTION_CHARS;
use fleetwright_store::PublishFunction;

use crate::control::iot::members::{Members, invalid};
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::{reference, refusal, shape};
use crate::control::{Control, identifiers};

pub(super) const NAME: &str = "PublishVersion";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = reference::unqualified(control, call)?;
    let body = call.object()?;
    let given = body.members();
    let wish = PublishFunction {
        code_sha256: sha256(&given)?,
        expected: reference::revision(&given)?,
        description: given
            .bounded_text("Description", FUNCTION_DESCRIPTION_CHARS)?
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
        revision: identifiers::fresh()?,
    };
    let made = control.store.publish_function(name, wish, (control.clock)()).await;
    let made = made.map_err(refusal::limit("CodeStorageExceededException"))?;
    let qualifier = Some(Qualifier::Version(made.version));
    Ok(Answer::json(shape::configuration(control, &made, qualifier)?).created())
}

fn sha256(given: &Members<'_>) -> Result<Option<[u8; 32]>, Refusal> {
    let Some(text) = given.text("CodeSha256")?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let read = STANDARD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    read.map(Some).ok_or_else(|| {
        invalid("The member 'CodeSha256' must be the SHA-256 of the code, in Base64.")
    })
}
