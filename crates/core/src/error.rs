//! AWS's closed list of error codes, and one [`Refusal`] that carries a code, a message for the
//! caller and a cause for the operator, apart.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident: $rest:literal $http:literal, $mqtt:literal $status:literal;)*) => {
        /// Why a request is refused. One table: REST error name and HTTP status (AWS: botocore
        /// model `iot/2015-05-28`), MQTT `errorCode` and `statusCode` (specification, section 18).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)* }

        impl ErrorCode {
            /// Every code, for tables and tests.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];
            /// The REST error name, sent in `x-amzn-ErrorType`.
            pub fn rest_name(self) -> &'static str { match self { $(Self::$variant => $rest,)* } }
            /// The HTTP status of the REST error.
            pub fn http_status(self) -> u16 { match self { $(Self::$variant => $http,)* } }
            /// `errorCode` of a `/rejected` payload.
            pub fn mqtt_name(self) -> &'static str { match self { $(Self::$variant => $mqtt,)* } }
            /// `statusCode` of a `/rejected` payload.
            pub fn mqtt_status(self) -> u16 { match self { $(Self::$variant => $status,)* } }
        }
    };
}

codes! {
    /// A member is missing, malformed or out of bounds.
    InvalidRequest: "InvalidRequestException" 400, "InvalidRequest" 400;
    /// The CSR cannot be read, is not signed by its key, or its key is not allowed.
    InvalidCsr: "InvalidRequestException" 400, "InvalidCertificateSigningRequest" 400;
    /// The ownership token is missing, malformed, expired, spent or foreign.
    InvalidToken: "InvalidRequestException" 400, "InvalidCertificateOwnershipToken" 400;
    /// A template could not be evaluated with these parameters.
    InvalidParameters: "InvalidRequestException" 400, "InvalidParameters" 400;
    /// A resource that the template names is missing, or an attachment limit is reached.
    ResourceRegistrationFailure: "ResourceRegistrationFailureException" 400, "ResourceRegistrationFailure" 400;
    /// Refused by a hook, a disabled template or a claim of another template.
    AccessDenied: "UnauthorizedException" 401, "AccessDenied" 403;
    /// No valid credentials, or not allowed.
    Unauthorized: "UnauthorizedException" 401, "AccessDenied" 403;
    /// No such resource.
    ResourceNotFound: "ResourceNotFoundException" 404, "ResourceNotFound" 404;
    /// An override `FAIL` was hit, or an existing resource differs.
    ResourceConflicts: "ConflictingResourceUpdateException" 409, "ResourceConflicts" 409;
    /// A concurrent change.
    ConflictingResourceUpdate: "ConflictingResourceUpdateException" 409, "ResourceConflicts" 409;
    /// A resource of that name exists with other properties.
    ResourceAlreadyExists: "ResourceAlreadyExistsException" 409, "ResourceConflicts" 409;
    /// Something is still attached.
    DeleteConflict: "DeleteConflictException" 409, "ResourceConflicts" 409;
    /// `expectedVersion` differs.
    VersionConflict: "VersionConflictException" 409, "ResourceConflicts" 409;
    /// More versions than allowed.
    VersionsLimitExceeded: "VersionsLimitExceededException" 409, "ResourceConflicts" 409;
    /// The certificate's status does not allow this.
    CertificateState: "CertificateStateException" 406, "ResourceConflicts" 409;
    /// The certificate itself is not acceptable.
    CertificateValidation: "CertificateValidationException" 400, "InvalidRequest" 400;
    /// More than one CA fits.
    CertificateConflict: "CertificateConflictException" 409, "ResourceConflicts" 409;
    /// A verification certificate does not carry the registration code.
    RegistrationCodeValidation: "RegistrationCodeValidationException" 400, "InvalidRequest" 400;
    /// A certificate that still has policies cannot be transferred.
    TransferConflict: "TransferConflictException" 409, "ResourceConflicts" 409;
    /// There is no transfer (any more) to accept, reject or cancel.
    TransferAlreadyCompleted: "TransferAlreadyCompletedException" 410, "ResourceConflicts" 409;
    /// Not a policy document.
    MalformedPolicy: "MalformedPolicyException" 400, "InvalidParameters" 400;
    /// A quota is used up.
    LimitExceeded: "LimitExceededException" 410, "ResourceRegistrationFailure" 400;
    /// A function's answer is none.
    InvalidResponse: "InvalidResponseException" 400, "InvalidRequest" 400;
    /// A query of fleet indexing breaks its grammar or a bound.
    InvalidQuery: "InvalidQueryException" 400, "InvalidRequest" 400;
    /// A field cannot be aggregated, or not so.
    InvalidAggregation: "InvalidAggregationException" 400, "InvalidRequest" 400;
    /// What is asked for is not indexed.
    IndexNotReady: "IndexNotReadyException" 400, "InvalidRequest" 400;
    /// The payload of a device is no JSON object.
    InvalidJson: "InvalidRequestException" 400, "InvalidJson" 400;
    /// A job or an execution is not in a state from which it can go there.
    InvalidStateTransition: "InvalidStateTransitionException" 409, "InvalidStateTransition" 409;
    /// A device expects another version of an execution; its HTTP API has no code of its own.
    VersionMismatch: "InvalidStateTransitionException" 409, "VersionMismatch" 409;
    /// A device asks for an execution that has come to its end.
    TerminalState: "TerminalStateException" 410, "TerminalStateReached" 410;
    /// A job template of that id exists.
    Conflict: "ConflictException" 409, "ResourceConflicts" 409;
    /// Too many requests.
    Throttling: "ThrottlingException" 400, "Throttling" 429;
    /// Known to AWS, not offered here.
    NotImplemented: "NotImplementedException" 501, "InvalidRequest" 400;
    /// Our own fault.
    InternalFailure: "InternalFailureException" 500, "InternalFailure" 500;
    /// Busy; the same request may succeed later.
    ServiceUnavailable: "ServiceUnavailableException" 503, "Throttling" 429;
}

/// A request is refused. `message` is for the caller and never holds the cause or a secret;
/// `cause` is for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which error.
    pub code: ErrorCode,
    /// What the caller reads: the value, the rule and the way out.
    pub message: String,
    /// What the operator reads in the log; never sent.
    pub cause: Option<String>,
    /// `resourceId` and `resourceArn` of [`ErrorCode::ResourceAlreadyExists`].
    pub resource: Option<Box<(String, String)>>,
}

impl Refusal {
    /// A refusal whose message tells everything.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), cause: None, resource: None }
    }

    /// Our own fault: the caller reads a fixed sentence, the log reads the cause.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(ErrorCode::InternalFailure, "An internal failure occurred; see the server's log.")
            .because(cause)
    }

    /// The same refusal with a cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// The same refusal of what a member of the request holds.
    #[must_use]
    pub fn of_member(mut self, member: &str) -> Self {
        self.message = format!("{member}: {}", self.message);
        self
    }

    /// The same refusal naming the resource that exists.
    #[must_use]
    pub fn about(mut self, id: impl Into<String>, arn: impl Into<String>) -> Self {
        self.resource = Some(Box::new((id.into(), arn.into())));
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.mqtt_name(), self.message)?;
        match &self.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}
