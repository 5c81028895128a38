//! The table of errors: every kind, with its name and HTTP status in each service.

use fleetwright_core::error::ErrorCode;

use crate::service::Service;

/// Why a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// An error of AWS IoT's service model: the registry's rules, and those of members.
    Code(ErrorCode),
    /// The caller's policies do not allow it.
    AccessDenied,
    /// The quota of the code of all functions is used up.
    CodeStorageExceeded,
    /// The token of a web identity has expired.
    ExpiredIdentityToken,
    /// The session of temporary credentials has expired.
    ExpiredToken,
    /// A device's policies do not allow it.
    Forbidden,
    /// A message was not acknowledged in time.
    GatewayTimeout,
    /// An identity provider could not be reached.
    IdpCommunicationError,
    /// An identity provider refused to give its keys.
    IdpRejectedClaim,
    /// The signature has a part that is missing, doubled or malformed.
    IncompleteSignature,
    /// `Action` or `Version` names no operation.
    InvalidAction,
    /// The token of a web identity does not prove one.
    InvalidIdentityToken,
    /// A parameter has the right form and cannot be used.
    InvalidInput,
    /// The payload of an invocation is not JSON.
    InvalidRequestContent,
    /// A function's runtime cannot be started.
    InvalidRuntime,
    /// The signature is not the key's, not for this server or not of this time.
    InvalidSignature,
    /// The path has no operation of this method.
    MethodNotAllowed,
    /// A form without `Action`.
    MissingAction,
    /// The request is not signed.
    MissingAuthenticationToken,
    /// The policies and tags of a session are too large.
    PackedPolicyTooLarge,
    /// The resource policy of a function is too large.
    PolicyLengthExceeded,
    /// Logging was never configured.
    NotConfigured,
    /// A function without provisioned concurrency.
    ProvisionedConcurrencyConfigNotFound,
    /// The body is too large.
    RequestEntityTooLarge,
    /// The body did not arrive in time.
    RequestTimeout,
    /// No operation has this path.
    UnknownOperation,
    /// A document that is not UTF-8.
    UnsupportedDocumentEncoding,
    /// No such access key, or not with this session token.
    UnrecognizedClient,
}

impl From<ErrorCode> for ErrorKind {
    fn from(code: ErrorCode) -> Self {
        Self::Code(code)
    }
}

/// Name and HTTP status of an error in one service.
type Column = (&'static str, u16);

/// A kind in every service: as AWS IoT has it, and where others have it differently.
struct Row {
    iot: Column,
    iot_data: Column,
    lambda: Column,
    query: Column,
}

/// A row whose columns are all equal.
const fn row(name: &'static str, status: u16) -> Row {
    let column = (name, status);
    Row { iot: column, iot_data: column, lambda: column, query: column }
}

impl Row {
    const fn iot_data(self, name: &'static str, status: u16) -> Self {
        Self { iot_data: (name, status), ..self }
    }

    const fn lambda(self, name: &'static str, status: u16) -> Self {
        Self { lambda: (name, status), ..self }
    }

    /// IAM and STS.
    const fn query(self, name: &'static str, status: u16) -> Self {
        Self { query: (name, status), ..self }
    }
}

impl ErrorKind {
    /// Name and HTTP status in a service.
    pub(super) fn column(self, service: Service) -> (&'static str, u16) {
        let row = self.row();
        match service {
            Service::Iot => row.iot,
            Service::IotData | Service::IotJobsData => row.iot_data,
            Service::Lambda => row.lambda,
            Service::Iam | Service::Sts => row.query,
        }
    }

    /// AWS: the service models; IAM API Reference, "Common Errors".
    fn row(self) -> Row {
        match self {
            Self::Code(code) => of_code(code),
            Self::AccessDenied => row("AccessDeniedException", 403).query("AccessDenied", 403),
            Self::CodeStorageExceeded => row("CodeStorageExceededException", 400),
            Self::ExpiredIdentityToken => row("ExpiredTokenException", 400),
            Self::ExpiredToken => row("ExpiredTokenException", 403).query("ExpiredToken", 403),
            Self::Forbidden => row("ForbiddenException", 403),
            Self::GatewayTimeout => row("GatewayTimeoutException", 504),
            Self::IdpCommunicationError => row("IDPCommunicationError", 400),
            Self::IdpRejectedClaim => row("IDPRejectedClaim", 403),
            Self::IncompleteSignature => {
                row("IncompleteSignatureException", 403).query("IncompleteSignature", 400)
            }
            Self::InvalidAction => row("InvalidAction", 400),
            Self::InvalidIdentityToken => row("InvalidIdentityToken", 400),
            Self::InvalidInput => row("InvalidInput", 400),
            Self::InvalidRequestContent => row("InvalidRequestContentException", 400),
            Self::InvalidRuntime => row("InvalidRuntimeException", 502),
            Self::InvalidSignature => {
                row("InvalidSignatureException", 403).query("SignatureDoesNotMatch", 403)
            }
            Self::MethodNotAllowed => row("MethodNotAllowedException", 405),
            Self::MissingAction => row("MissingAction", 400),
            Self::MissingAuthenticationToken => row("MissingAuthenticationTokenException", 403)
                .query("MissingAuthenticationToken", 403),
            Self::PackedPolicyTooLarge => row("PackedPolicyTooLarge", 400),
            Self::PolicyLengthExceeded => row("PolicyLengthExceededException", 400),
            Self::NotConfigured => row("NotConfiguredException", 404),
            Self::ProvisionedConcurrencyConfigNotFound => {
                row("ProvisionedConcurrencyConfigNotFoundException", 404)
            }
            Self::RequestEntityTooLarge => row("RequestEntityTooLargeException", 413)
                .lambda("RequestTooLargeException", 413)
                .query("RequestEntityTooLarge", 413),
            Self::RequestTimeout => {
                row("RequestTimeoutException", 408).query("RequestExpired", 400)
            }
            Self::UnknownOperation => row("UnknownOperationException", 404),
            Self::UnsupportedDocumentEncoding => row("UnsupportedDocumentEncodingException", 415),
            Self::UnrecognizedClient => {
                row("UnrecognizedClientException", 403).query("InvalidClientTokenId", 403)
            }
        }
    }
}

/// The row of an error of AWS IoT's service model.
fn of_code(code: ErrorCode) -> Row {
    use ErrorCode as Code;
    let row = row(code.rest_name(), code.http_status());
    match code {
        Code::InvalidRequest | Code::InvalidCsr | Code::InvalidToken | Code::InvalidParameters => {
            row.lambda("InvalidParameterValueException", 400).query("ValidationError", 400)
        }
        Code::AccessDenied | Code::Unauthorized => row.query("AccessDenied", 403),
        Code::ResourceNotFound => row.query("NoSuchEntity", 404),
        Code::ResourceConflicts | Code::ConflictingResourceUpdate => {
            row.lambda("ResourceConflictException", 409).query("ConcurrentModification", 409)
        }
        Code::ResourceAlreadyExists => {
            row.lambda("ResourceConflictException", 409).query("EntityAlreadyExists", 409)
        }
        Code::DeleteConflict => {
            row.lambda("ResourceConflictException", 409).query("DeleteConflict", 409)
        }
        Code::VersionConflict => row.lambda("PreconditionFailedException", 412),
        Code::VersionsLimitExceeded => row.query("LimitExceeded", 409),
        Code::MalformedPolicy => row.query("MalformedPolicyDocument", 400),
        Code::LimitExceeded => {
            row.lambda("InvalidParameterValueException", 400).query("LimitExceeded", 409)
        }
        Code::Throttling => row
            .iot_data("ThrottlingException", 429)
            .lambda("TooManyRequestsException", 429)
            .query("Throttling", 400),
        Code::NotImplemented => row.query("NotImplemented", 501),
        Code::InternalFailure => row.lambda("ServiceException", 500).query("ServiceFailure", 500),
        Code::ServiceUnavailable => {
            row.lambda("ServiceException", 503).query("ServiceUnavailable", 503)
        }
        Code::ResourceRegistrationFailure
        | Code::CertificateState
        | Code::CertificateValidation
        | Code::CertificateConflict
        | Code::RegistrationCodeValidation
        | Code::TransferConflict
        | Code::TransferAlreadyCompleted
        | Code::InvalidResponse
        | Code::InvalidQuery
        | Code::InvalidAggregation
        | Code::IndexNotReady
        | Code::InvalidJson
        | Code::InvalidStateTransition
        | Code::VersionMismatch
        | Code::TerminalState
        | Code::Conflict => row,
    }
}
