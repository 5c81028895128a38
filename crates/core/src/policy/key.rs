//! Keys: what `${…}` names in a pattern and what a condition tests. One table for both.

use std::borrow::Cow;
use std::fmt;

use super::Context;
use super::certificate::{CertificateKey, available_keys};
use super::values::{Values, strip_folded};

/// A condition key or policy variable. Names compare without ASCII case, as IAM's do; the name
/// of a thing attribute keeps its case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    ClientId,
    SourceIp,
    DomainName,
    ThingName,
    /// `iot:Thing.ThingName`: in AWS's samples, in no list of AWS's; the same as `ThingName`.
    ThingNameAlias,
    ThingTypeName,
    ThingAttribute(Box<str>),
    IsAttached,
    CertificateId,
    CertificateSerialNumber,
    AvailableKeys,
    Certificate(CertificateKey),
    ConnectAttributes,
    LastWillTopic,
    CurrentTime,
    EpochTime,
    /// Any other name: looked up among the context's extra keys.
    Other(Box<str>),
}

const PLAIN: &[(&str, Key)] = &[
    ("iot:ClientId", Key::ClientId),
    ("aws:SourceIp", Key::SourceIp),
    ("iot:DomainName", Key::DomainName),
    ("iot:Connection.Thing.ThingName", Key::ThingName),
    ("iot:Thing.ThingName", Key::ThingNameAlias),
    ("iot:Connection.Thing.ThingTypeName", Key::ThingTypeName),
    ("iot:Connection.Thing.IsAttached", Key::IsAttached),
    ("iot:CertificateId", Key::CertificateId),
    ("iot:Certificate.SerialNumber", Key::CertificateSerialNumber),
    ("iot:Certificate.AvailableKeys", Key::AvailableKeys),
    ("iot:ConnectAttributes", Key::ConnectAttributes),
    ("iot:LastWillTopic", Key::LastWillTopic),
    ("aws:CurrentTime", Key::CurrentTime),
    ("aws:EpochTime", Key::EpochTime),
];
const ATTRIBUTE: &str = "iot:Connection.Thing.Attributes[";

impl Key {
    pub(super) fn parse(name: &str) -> Self {
        if let Some((_, key)) = PLAIN.iter().find(|(plain, _)| plain.eq_ignore_ascii_case(name)) {
            return key.clone();
        }
        if let Some(rest) = strip_folded(name, ATTRIBUTE)
            && let Some(attribute) = rest.strip_suffix(']')
            && !attribute.is_empty()
        {
            return Self::ThingAttribute(attribute.into());
        }
        CertificateKey::parse(name).map_or_else(|| Self::Other(name.into()), Self::Certificate)
    }

    /// Whether the key names a fact of a connection that HTTPS does not have.
    pub(super) fn is_mqtt_only(&self) -> bool {
        matches!(
            self,
            Self::ClientId
                | Self::ThingName
                | Self::ThingNameAlias
                | Self::ThingTypeName
                | Self::ThingAttribute(_)
                | Self::IsAttached
        )
    }

    /// Whether the key names the bound thing.
    pub(super) fn is_thing(&self) -> bool {
        matches!(
            self,
            Self::ThingName | Self::ThingNameAlias | Self::ThingTypeName | Self::ThingAttribute(_)
        )
    }

    /// The text that stands for `${key}`; `None` leaves the variable unresolved. Keys of several
    /// values have none.
    pub(super) fn substitute<'a>(&self, context: &Context<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Certificate(key) => key.substitute(context.certificate?),
            Self::AvailableKeys | Self::ConnectAttributes => None,
            Self::Other(name) => match extra(context, name)? {
                [one] => Some(Cow::Borrowed(*one)),
                _ => None,
            },
            key => key.single(context),
        }
    }

    /// The values that a condition on this key sees.
    pub(super) fn values<'a>(&self, context: &Context<'a>) -> Values<'a> {
        match self {
            Self::Certificate(key) => {
                context.certificate.map_or(Values::ABSENT, |facts| key.values(facts))
            }
            Self::AvailableKeys => Values::Many(available_keys(context)),
            Self::ConnectAttributes => borrowed(context.connect_attributes),
            Self::Other(name) => borrowed(extra(context, name)),
            key => key.single(context).into(),
        }
    }

    fn single<'a>(&self, context: &Context<'a>) -> Option<Cow<'a, str>> {
        let thing = context.thing;
        match self {
            Self::ClientId => context.client_id.map(Cow::Borrowed),
            // A v4 peer on a v6 socket is a v4 peer.
            Self::SourceIp => context.source_ip.map(|ip| ip.to_canonical().to_string().into()),
            Self::DomainName => context.domain_name.map(Cow::Borrowed),
            Self::ThingName | Self::ThingNameAlias => thing.map(|thing| thing.name.as_str().into()),
            Self::ThingTypeName => Some(thing?.type_name.as_ref()?.as_str().into()),
            Self::ThingAttribute(name) => {
                thing?.attributes.get(&**name).map(|value| value.as_str().into())
            }
            Self::IsAttached => {
                context.is_attached.map(|yes| if yes { "true" } else { "false" }.into())
            }
            Self::CertificateId => context.certificate_id.map(|id| id.to_string().into()),
            Self::CertificateSerialNumber => {
                context.certificate.map(|facts| facts.serial_number.as_str().into())
            }
            Self::LastWillTopic => context.last_will_topic.map(Cow::Borrowed),
            Self::CurrentTime => context.now.map(|now| now.utc().to_string().into()),
            Self::EpochTime => context.now.map(|now| now.0.div_euclid(1000).to_string().into()),
            Self::Certificate(_)
            | Self::AvailableKeys
            | Self::ConnectAttributes
            | Self::Other(_) => None,
        }
    }
}

fn borrowed<'a>(values: Option<&'a [&'a str]>) -> Values<'a> {
    Values::Many(values.unwrap_or_default().iter().map(|value| Cow::Borrowed(*value)).collect())
}

fn extra<'a>(context: &Context<'a>, name: &str) -> Option<&'a [&'a str]> {
    context.extra.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, values)| *values)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ThingAttribute(name) => write!(f, "{ATTRIBUTE}{name}]"),
            Self::Certificate(key) => key.fmt(f),
            Self::Other(name) => f.write_str(name),
            plain => {
                let named = PLAIN.iter().find(|(_, key)| key == plain);
                f.write_str(named.map_or("", |(name, _)| name))
            }
        }
    }
}
