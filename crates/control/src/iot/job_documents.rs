//! The document of a new job: given, read once where a link points, or a template's.

use std::collections::BTreeMap;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::job::{
    DOCUMENT_BYTES, JobSettings, PLACEHOLDERS, Placeholder, in_json, placeholders,
};
use fleetwright_core::names::JobTemplateId;
use fleetwright_core::text::shown_arn;
use serde_json::Value;

use crate::Control;
use crate::rest::members::{Members, invalid};
use crate::rest::not_found;

/// Placeholders that a presigned URL takes the place of.
const PRESIGNED: [&str; 4] =
    ["s3-presigned-url", "s3-presigned-url-v1", "s3-presigned-url-v2", "s3-presigned-url-upload"];

/// A document with what came along.
pub(super) struct Document {
    pub(super) text: String,
    pub(super) source: Option<String>,
    pub(super) template_arn: Option<String>,
    /// The template's configurations, beneath the request's.
    pub(super) settings: JobSettings,
    pub(super) description: Option<String>,
}

/// `document`, `documentSource` or `jobTemplateArn`: one of them.
pub(super) async fn read(control: &Control, members: &Members<'_>) -> Result<Document, Refusal> {
    let given = (
        members.text("document")?,
        members.text("documentSource")?,
        members.text("jobTemplateArn")?,
    );
    let document = match given {
        (Some(text), None, None) => plain(text.to_owned(), None),
        (None, Some(url), None) => plain(fetched(control, url).await?, Some(url.to_owned())),
        (None, None, Some(arn)) => of_template(control, arn).await?,
        _ => {
            return Err(invalid(
                "Give exactly one of the members 'document', 'documentSource' and \
                 'jobTemplateArn'.",
            ));
        }
    };
    check(control, &document.text)?;
    Ok(document)
}

fn plain(text: String, source: Option<String>) -> Document {
    Document {
        text,
        source,
        template_arn: None,
        settings: JobSettings::default(),
        description: None,
    }
}

async fn of_template(control: &Control, arn: &str) -> Result<Document, Refusal> {
    let id = arn.strip_prefix(control.scope.arn("jobtemplate", "").as_str());
    let id = id.and_then(|id| JobTemplateId::parse(id).ok()).ok_or_else(|| {
        let shown = shown_arn(arn);
        invalid(format!("'{shown}' is no ARN of a job template of this account and region."))
    })?;
    let found = control.store.job_template(&id).await?;
    let found = found.ok_or_else(|| not_found("job template", &id))?;
    Ok(Document {
        text: found.document,
        source: found.document_source,
        template_arn: Some(arn.to_owned()),
        settings: found.settings,
        description: Some(found.description),
    })
}

/// The object behind a link, read once.
async fn fetched(control: &Control, url: &str) -> Result<String, Refusal> {
    let wrong = |why: String| {
        invalid(format!("The document at '{}' cannot be read: {why}", shown_arn(url)))
    };
    let bytes = control.bulk.document(url, DOCUMENT_BYTES).await.map_err(&wrong)?;
    String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8.".to_owned()))
}

/// The rules of a document: its size, JSON, and placeholders that can be filled.
fn check(control: &Control, text: &str) -> Result<(), Refusal> {
    if text.len() > DOCUMENT_BYTES {
        return Err(Refusal::new(
            ErrorCode::LimitExceeded,
            format!("The job document has {} bytes; the limit is {DOCUMENT_BYTES}.", text.len()),
        ));
    }
    if !serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object()) {
        return Err(invalid("The job document must be a JSON object."));
    }
    let found = placeholders(text);
    if found.len() > PLACEHOLDERS {
        let count = found.len();
        return Err(invalid(format!(
            "The job document has {count} placeholders; the limit is {PLACEHOLDERS}."
        )));
    }
    found.iter().try_for_each(|placeholder| check_placeholder(control, placeholder))
}

/// A device is never handed a placeholder: one that cannot be filled is refused.
fn check_placeholder(control: &Control, placeholder: &Placeholder<'_>) -> Result<(), Refusal> {
    let shown = shown_arn(placeholder.text);
    match placeholder.kind {
        "parameter" => Ok(()),
        kind if !PRESIGNED.contains(&kind) => Err(invalid(format!(
            "The job document has the placeholder '{shown}', which is none of AWS IoT's."
        ))),
        _ if !control.services.can_presign() => Err(invalid(format!(
            "The job document has the placeholder '{shown}', which needs an S3-compatible store: \
             configure [bulk] s3-endpoint and s3-credentials-file."
        ))),
        _ if !control.services.names_object(placeholder) => Err(invalid(format!(
            "The job document has the placeholder '{shown}', which names no object: \
             https://HOST/BUCKET/KEY, or https://BUCKET.s3.HOST/KEY."
        ))),
        _ => Ok(()),
    }
}

/// The document with its parameters in place, as devices and `GetJobDocument` have it.
pub(super) fn with_parameters(document: &str, parameters: &BTreeMap<String, String>) -> String {
    fleetwright_core::job::substituted(document, |placeholder| {
        (placeholder.kind == "parameter")
            .then(|| parameters.get(placeholder.value).map(|it| in_json(it)).unwrap_or_default())
    })
}
