//! What `preProvisioningHook.targetArn` may name.

use std::net::IpAddr;

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

/// The parts of a hook's URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url<'a> {
    /// Whether the hook is asked over TLS.
    pub tls: bool,
    /// Host name or address, without brackets.
    pub host: &'a str,
    /// Port, 80 or 443 unless given.
    pub port: u16,
    /// Path and query, at least `/`.
    pub path: &'a str,
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
        if let Some(rest) = text.strip_prefix("https://") {
            return Url::parse(rest, true).map(Self::Url);
        }
        if let Some(rest) = text.strip_prefix("http://") {
            let url = Url::parse(rest, false)?;
            if !is_loopback(url.host) {
                return Err(format!(
                    "'{text}' would send certificates in the clear: use https://, or a loopback address"
                ));
            }
            return Ok(Self::Url(url));
        }
        Err(format!("'{text}' is no hook: use command:NAME, https://… or http:// on loopback"))
    }
}

impl<'a> Url<'a> {
    fn parse(rest: &'a str, tls: bool) -> Result<Self, String> {
        let fault = || format!("'{rest}' has no valid host and port");
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, tail) = v6.split_once(']').ok_or_else(fault)?;
                (host, tail.strip_prefix(':'))
            }
            None => match authority.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let port = match port {
            Some(digits) => digits.parse().map_err(|_| fault())?,
            None if tls => 443,
            None => 80,
        };
        let plain = |b: u8| b.is_ascii_graphic();
        if host.is_empty() || host.contains('@') || !host.bytes().chain(path.bytes()).all(plain) {
            return Err(fault());
        }
        Ok(Self { tls, host, port, path })
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
