//! What `preProvisioningHook.targetArn` may name.

use crate::url::Url;

/// A hook's target, read from the text that the template's owner stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookTarget<'a> {
    /// `command:NAME`: a program of `[hooks.commands]`.
    Command(&'a str),
    /// `https://…` anywhere, or `http://…` on loopback.
    Url(Url<'a>),
    /// `arn:aws:lambda:…`: a function.
    Function(&'a str),
}

impl<'a> HookTarget<'a> {
    /// Reads a target.
    ///
    /// # Errors
    /// A sentence that names the target's fault and the forms that are allowed.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix("command:") {
            return Ok(Self::Command(name));
        }
        if text.starts_with("arn:aws:lambda:") {
            return Ok(Self::Function(text));
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            return Url::parse(text).map(Self::Url);
        }
        Err(format!("'{text}' is no hook: use command:NAME, https://… or http:// on loopback"))
    }
}
