//! Members of a configuration that `CreateFunction` and `UpdateFunctionConfiguration` share, and
//! those that are not honoured here and therefore refused.

use fleetwright_core::error::Refusal;
use fleetwright_core::function::{FunctionName, Runtime};
use fleetwright_core::limits::{
    FUNCTION_DESCRIPTION_CHARS, FUNCTION_HANDLER_CHARS, FUNCTION_MEMORY_MB, FUNCTION_SECONDS,
    FUNCTION_STORAGE_MB,
};
use fleetwright_store::FunctionSettings;
use serde_json::Value;

use crate::rest::members::{Members, invalid, violation};

/// How a function is run, as a request specifies it; what is `None` stays.
#[derive(Default)]
pub(super) struct FunctionSpec {
    pub(super) runtime: Option<Runtime>,
    pub(super) role: Option<String>,
    pub(super) handler: Option<String>,
    pub(super) description: Option<String>,
    pub(super) seconds: Option<u32>,
    pub(super) memory: Option<u32>,
    pub(super) storage: Option<u32>,
    pub(super) tracing: Option<String>,
}

/// Members that change how a function is run and have no meaning here.
const NOT_HONOURED: &[(&str, &str)] = &[
    ("Layers", "put what they hold into the deployment package"),
    ("VpcConfig", "functions run beside this server"),
    ("FileSystemConfigs", "there is no EFS here"),
    ("ImageConfig", "functions are ZIP archives here"),
    ("DeadLetterConfig", "there are no asynchronous invocations here"),
    ("KMSKeyArn", "environment variables are sealed with this server's own key"),
    ("CodeSigningConfigArn", "there is no code signing here"),
    ("TenancyConfig", "there is no isolation by tenant here"),
    ("CapacityProviderConfig", "functions run beside this server"),
    ("DurableConfig", "there are no durable executions here"),
    ("AcceleratorConfig", "functions run beside this server"),
    ("RuntimeConfig", "runtimes are those of this machine"),
];

impl FunctionSpec {
    /// Reads the members; the role is checked by the caller.
    pub(super) fn read(members: &Members<'_>, function: &FunctionName) -> Result<Self, Refusal> {
        refuse_not_honoured(members, function)?;
        let runtime = members.text("Runtime")?.map(Runtime::parse).transpose();
        Ok(Self {
            runtime: runtime.map_err(violation)?,
            role: None,
            handler: handler(members)?,
            description: members
                .bounded_text("Description", FUNCTION_DESCRIPTION_CHARS)?
                .map(str::to_owned),
            seconds: within(members, "Timeout", FUNCTION_SECONDS)?,
            memory: within(members, "MemorySize", FUNCTION_MEMORY_MB)?,
            storage: members
                .object("EphemeralStorage", |storage| {
                    within(&storage, "Size", FUNCTION_STORAGE_MB)
                })?
                .flatten(),
            tracing: members.object("TracingConfig", |tracing| mode(&tracing))?.flatten(),
        })
    }

    /// Changes settings by what is specified.
    pub(super) fn apply(self, settings: &mut FunctionSettings) {
        settings.runtime = self.runtime.unwrap_or(settings.runtime);
        settings.seconds = self.seconds.unwrap_or(settings.seconds);
        settings.memory = self.memory.unwrap_or(settings.memory);
        settings.storage = self.storage.unwrap_or(settings.storage);
        settings.handler = self.handler.or_else(|| settings.handler.take());
        let texts = [
            (self.role, &mut settings.role_arn),
            (self.description, &mut settings.description),
            (self.tracing, &mut settings.tracing),
        ];
        for (new, current) in texts {
            if let Some(new) = new {
                *current = new;
            }
        }
    }
}

/// `Architectures`: one of the two.
pub(super) fn architecture(members: &Members<'_>) -> Result<Option<String>, Refusal> {
    let known = |text: &str| match text {
        "x86_64" | "arm64" => Ok(text.to_owned()),
        _ => Err("each member of 'Architectures' must be x86_64 or arm64"),
    };
    match members.names("Architectures", known)?.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        _ => Err(invalid("The member 'Architectures' must have one member.")),
    }
}

fn handler(members: &Members<'_>) -> Result<Option<String>, Refusal> {
    let text = members.bounded_text("Handler", FUNCTION_HANDLER_CHARS)?;
    match text {
        Some(text) if text.is_empty() || text.contains(char::is_whitespace) => {
            Err(invalid("The member 'Handler' must have characters, none of them white space."))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

fn mode(members: &Members<'_>) -> Result<Option<String>, Refusal> {
    match members.text("Mode")? {
        None => Ok(None),
        Some(mode @ ("Active" | "PassThrough")) => Ok(Some(mode.to_owned())),
        Some(_) => Err(invalid("The member 'TracingConfig.Mode' must be Active or PassThrough.")),
    }
}

fn within(
    members: &Members<'_>,
    name: &str,
    bounds: std::ops::RangeInclusive<u32>,
) -> Result<Option<u32>, Refusal> {
    let Some(number) = members.integer(name)? else { return Ok(None) };
    let found = u32::try_from(number).ok().filter(|number| bounds.contains(number));
    found.map(Some).ok_or_else(|| {
        invalid(format!(
            "The member '{name}' is {number}; it must be from {} to {}.",
            bounds.start(),
            bounds.end()
        ))
    })
}

fn refuse_not_honoured(members: &Members<'_>, function: &FunctionName) -> Result<(), Refusal> {
    for (name, reason) in NOT_HONOURED {
        if members.value(name).is_some_and(is_specified) {
            return Err(invalid(format!("The member '{name}' is not offered here: {reason}.")));
        }
    }
    members.object("SnapStart", |snap| match snap.text("ApplyOn")? {
        None | Some("None") => Ok(()),
        Some(_) => Err(invalid("SnapStart is not offered here: ApplyOn must be None.")),
    })?;
    members.object("LoggingConfig", |logging| {
        let plain = matches!(logging.text("LogFormat")?, None | Some("Text"));
        let levels = ["ApplicationLogLevel", "SystemLogLevel"];
        let group = format!("/aws/lambda/{function}");
        let own = logging.text("LogGroup")?.is_none_or(|named| named == group);
        if plain && own && !levels.into_iter().any(|level| logging.value(level).is_some()) {
            return Ok(());
        }
        Err(invalid(format!(
            "The member 'LoggingConfig' can only be LogFormat Text and LogGroup {group} here: \
             logs are answered to Invoke and written to this server's log."
        )))
    })?;
    Ok(())
}

/// Whether a value specifies something: empty lists, objects and texts do not.
fn is_specified(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => members.values().any(is_specified),
        Value::Bool(flag) => *flag,
        Value::Number(_) => true,
    }
}
