//! The services behind the one listener, distinguished by the signing name of a request's scope.

use std::borrow::Cow;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;

/// A service of the AWS surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// AWS IoT's control plane.
    Iot,
    /// AWS IoT's data plane over HTTP.
    IotData,
    /// Jobs, as devices ask for them over HTTP.
    IotJobsData,
    /// Identity and Access Management.
    Iam,
    /// Security Token Service.
    Sts,
    /// Functions.
    Lambda,
}

/// Signing names; the first is the one that messages recommend.
pub(crate) const SIGNING_NAMES: &[&str] =
    &["iot", "execute-api", "iotdata", "iotdevicegateway", "iot-jobs-data", "iam", "sts", "lambda"];
/// Those that may be signed for the global region.
pub(crate) const GLOBAL: &[&str] = &["iam", "sts"];

impl Service {
    /// The service of a signing name.
    ///
    /// Until the end of 2022 AWS's service model signed the control plane of AWS IoT as
    /// `execute-api` (botocore up to 1.23, AWS CLI 2 up to 2.9), and AWS still takes it. The data
    /// plane has two names as well: `iotdata`, and `iotdevicegateway` in newer endpoint data.
    pub(crate) fn signed_as(name: &str) -> Option<Self> {
        match name {
            "iot" | "execute-api" => Some(Self::Iot),
            "iotdata" | "iotdevicegateway" => Some(Self::IotData),
            "iot-jobs-data" => Some(Self::IotJobsData),
            "iam" => Some(Self::Iam),
            "sts" => Some(Self::Sts),
            "lambda" => Some(Self::Lambda),
            _ => None,
        }
    }

    /// Its signing name, by which the table of permissions has its operations.
    pub(crate) fn signing_name(self) -> &'static str {
        match self {
            Self::Iot => "iot",
            Self::IotData => "iotdata",
            Self::IotJobsData => "iot-jobs-data",
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Lambda => "lambda",
        }
    }

    /// The service that a request means, before its signature is believed: it chooses the form
    /// of a refusal, nothing else. A form without a signature is for STS, whose
    /// `AssumeRoleWithWebIdentity` is not signed.
    pub(crate) fn meant(parts: &Parts) -> Self {
        match signing_name(parts) {
            Some(name) => Self::signed_as(&name).unwrap_or(Self::Iot),
            None if is_form(parts) => Self::Sts,
            None => Self::Iot,
        }
    }

    /// The XML namespace of its answers; `None` for a service that answers JSON.
    pub(crate) fn namespace(self) -> Option<&'static str> {
        match self {
            Self::Iot | Self::IotData | Self::IotJobsData | Self::Lambda => None,
            Self::Iam => Some("https://iam.amazonaws.com/doc/2010-05-08/"),
            Self::Sts => Some("https://sts.amazonaws.com/doc/2011-06-15/"),
        }
    }
}

/// The signing name of the scope that a request presents, in its header or its address.
pub(crate) fn signing_name(parts: &Parts) -> Option<String> {
    let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let scope = header.map(Cow::Borrowed).or_else(|| {
        let query = parts.uri.query().filter(|query| query.contains("X-Amz-Credential"))?;
        Some(query.replace("%2F", "/").into())
    })?;
    let before = scope.split("/aws4_request").next().unwrap_or_default();
    before.rsplit('/').next().map(str::to_owned)
}

/// Whether the body is a form, as the query protocol sends it.
pub(crate) fn is_form(parts: &Parts) -> bool {
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signing_name_has_its_service_and_every_service_is_signed_as_its_own_name() {
        assert!(SIGNING_NAMES.iter().all(|name| Service::signed_as(name).is_some()));
        assert!(GLOBAL.iter().all(|name| SIGNING_NAMES.contains(name)));
        for service in [
            Service::Iot,
            Service::IotData,
            Service::IotJobsData,
            Service::Iam,
            Service::Sts,
            Service::Lambda,
        ] {
            assert_eq!(Service::signed_as(service.signing_name()), Some(service));
            assert!(SIGNING_NAMES.contains(&service.signing_name()));
        }
        for stranger in ["", "IOT", "iot ", "s3", "iot-jobs", "execute-api2"] {
            assert_eq!(Service::signed_as(stranger), None, "{stranger}");
        }
    }
}
