//! Every bound, with its unit and source. `(Q)` is the AWS General Reference's quota page, `(B)`
//! the botocore model, `(ours)` a choice of this project.

/// Characters of a thing attribute's value (B).
pub const ATTRIBUTE_VALUE_CHARS: usize = 800;
/// Attributes of a thing without a type (Q).
pub const ATTRIBUTES_WITHOUT_TYPE: usize = 3;
/// Attributes of a thing with a type (Q).
pub const ATTRIBUTES_WITH_TYPE: usize = 50;
/// Bytes of all attributes of a thing together (Q).
pub const ATTRIBUTES_TOTAL_BYTES: usize = 47 * 1024;
/// Thing groups that a thing may be in (Q).
pub const GROUPS_PER_THING: usize = 10;
/// Levels of a thing group hierarchy (Q).
pub const GROUP_DEPTH: usize = 7;
/// Direct children of a thing group (Q).
pub const GROUP_CHILDREN: usize = 100;
/// Dynamic thing groups of an account (Q).
pub const DYNAMIC_GROUPS: usize = 100;
/// Bytes of a query of fleet indexing (Q).
pub const QUERY_BYTES: usize = 1000;
/// Terms of a query (guide, "Query syntax").
pub const QUERY_TERMS: usize = 12;
/// Levels of parentheses of a query (ours).
pub const QUERY_DEPTH: usize = 16;
/// `*` in a term of a query (Q).
pub const TERM_STARS: usize = 2;
/// `?` in a term of a query (Q).
pub const TERM_QUESTION_MARKS: usize = 5;
/// Bytes of a query with a term that begins with a wildcard (guide, "Query syntax").
pub const LEADING_WILDCARD_BYTES: usize = 100;
/// Results on a page of a search, at most (B).
pub const SEARCH_PAGE: usize = 100;
/// Names on a page of `ListIndices`, at most (B).
pub const INDICES_PAGE: u64 = 500;
/// Custom fields of an index (Q).
pub const CUSTOM_FIELDS: usize = 5;
/// Bytes of a custom field's name (Q).
pub const CUSTOM_FIELD_BYTES: usize = 1024;
/// Named shadows that may be indexed (Q).
pub const INDEXED_SHADOWS: usize = 10;
/// Percentiles of one request (Q).
pub const PERCENTS: usize = 100;
/// Buckets of one request, at most (B).
pub const BUCKETS: u64 = 10_000;
/// Buckets when none are asked for (B).
pub const BUCKETS_DEFAULT: u64 = 10;
/// Different values that are counted into buckets (ours).
pub const BUCKET_VALUES: usize = 100_000;
/// Values that percentiles keep; beyond, they are of a sample (ours).
pub const PERCENTILE_VALUES: usize = 1 << 20;
/// Different values that are counted exactly; beyond, it is an estimate (ours).
pub const CARDINALITY_VALUES: usize = 1 << 16;
/// Characters of a description of a thing type, group or billing group (B).
pub const DESCRIPTION_CHARS: usize = 2028;
/// Searchable attributes of a thing type (Q).
pub const SEARCHABLE_ATTRIBUTES: usize = 3;
/// Propagating attributes of a thing type (Q).
pub const PROPAGATING_ATTRIBUTES: usize = 20;

/// Characters of a template body (B)(Q).
pub const TEMPLATE_BODY_CHARS: usize = 10_240;
/// Templates of an account (Q).
pub const TEMPLATES: usize = 256;
/// Versions of a template (Q).
pub const TEMPLATE_VERSIONS: usize = 5;
/// Characters of a template's description (B).
pub const TEMPLATE_DESCRIPTION_CHARS: usize = 500;
/// Policies that a template may attach; equals [`POLICIES_PER_CERTIFICATE`] (ours).
pub const POLICIES_PER_TEMPLATE: usize = 10;
/// Bytes of any one text that a template comes to, and of its device configuration as a whole
/// (ours).
pub const TEMPLATE_TEXT_BYTES: usize = 64 * 1024;
/// Bytes of all texts that one evaluation of a template builds, intermediate ones included (ours).
pub const TEMPLATE_WORK_BYTES: usize = 1024 * 1024;
/// Members of a template that come twice and are named (ours).
pub const TEMPLATE_DUPLICATES: usize = 16;
/// Depth of JSON or CBOR read from a peer, in nested arrays and objects (ours).
pub const VALUE_DEPTH: usize = 32;

/// Characters of a policy document, white space not counted (Q).
pub const POLICY_DOCUMENT_CHARS: usize = 2048;
/// Characters of a policy document as sent, white space counted (B).
pub const POLICY_DOCUMENT_RAW_CHARS: usize = 404_600;
/// Characters of an IAM identity or trust policy, white space not counted (IAM quotas).
pub const IDENTITY_POLICY_CHARS: usize = 10_240;
/// Versions of a policy (Q).
pub const POLICY_VERSIONS: usize = 5;
/// Policies attached to a certificate (Q).
pub const POLICIES_PER_CERTIFICATE: usize = 10;
/// Policies attached to a static thing group (Q).
pub const POLICIES_PER_GROUP: usize = 2;

/// Characters of a CSR (B).
pub const CSR_CHARS: usize = 4096;
/// Characters of a certificate in PEM (B).
pub const CERTIFICATE_PEM_CHARS: usize = 65_536;
/// Registered CA certificates with the same subject (Q).
pub const CAS_PER_SUBJECT: usize = 10;
/// Characters of the message of a certificate's transfer (B).
pub const TRANSFER_MESSAGE_CHARS: usize = 128;
/// Characters of a certificate ownership token; devices hold it in 512 bytes with a NUL (ours).
pub const OWNERSHIP_TOKEN_CHARS: usize = 511;
/// Life of a certificate ownership token, milliseconds (Q).
pub const OWNERSHIP_TOKEN_MILLIS: i64 = 60 * 60 * 1000;
/// Parameters of one `RegisterThing` request (ours).
pub const REGISTER_PARAMETERS: usize = 256;
/// Characters of a parameter's key (B).
pub const PARAMETER_KEY_CHARS: usize = 2048;
/// Characters of a parameter's value (B).
pub const PARAMETER_VALUE_CHARS: usize = 4096;

/// Role aliases of an account (Q).
pub const ROLE_ALIASES: usize = 100;
/// Seconds that credentials of a role alias live, unless told otherwise (B).
pub const CREDENTIAL_SECONDS_DEFAULT: u32 = 3600;
/// Seconds that credentials of a role alias may live (B).
pub const CREDENTIAL_SECONDS: std::ops::RangeInclusive<u32> = 900..=43_200;
/// Authorizers of an account (Q).
pub const AUTHORIZERS: usize = 100;
/// Active authorizers of an account (Q).
pub const ACTIVE_AUTHORIZERS: usize = 32;
/// Public keys of an authorizer's tokens (ours).
pub const AUTHORIZER_KEYS: usize = 16;
/// Policies that an authorizer may answer (Q).
pub const AUTHORIZER_POLICIES: usize = 10;
/// Characters of a policy that an authorizer answers (Q).
pub const AUTHORIZER_POLICY_CHARS: usize = 2048;
/// Seconds that an authorizer's answer may ask for, until a refresh or a disconnect (Q).
pub const AUTHORIZER_SECONDS: std::ops::RangeInclusive<u64> = 300..=86_400;
/// Domain configurations of an account (Q).
pub const DOMAIN_CONFIGURATIONS: usize = 10;
/// Certificate providers of an account (Q).
pub const CERTIFICATE_PROVIDERS: usize = 1;

/// Retained messages of an account; a further topic is refused (Q).
pub const RETAINED_MESSAGES: usize = 500_000;
/// Retained messages on a page, at most (B).
pub const RETAINED_PAGE: usize = 200;

/// Time that a pre-provisioning hook has, milliseconds (Q).
pub const HOOK_MILLIS: u64 = 5_000;
/// Bytes of a hook's answer (ours).
pub const HOOK_ANSWER_BYTES: usize = 256 * 1024;
/// Hooks under way at once; further ones wait within their deadline (ours).
pub const HOOKS_AT_ONCE: usize = 256;

/// Tags of a resource (Q).
pub const TAGS: usize = 50;
/// Items on a page, at most (B).
pub const PAGE: usize = 250;
/// Items on a page of the `marker` operations when none is asked for (B).
pub const PAGE_DEFAULT: usize = 25;

/// Bytes of an MQTT PUBLISH payload (Q).
pub const PAYLOAD_BYTES: usize = 128 * 1024;
/// Bytes of the user properties of one packet (Q).
pub const USER_PROPERTIES_BYTES: usize = 8 * 1024;

/// Users of an account (IAM quotas).
pub const IAM_USERS: usize = 5000;
/// Roles of an account (IAM quotas).
pub const IAM_ROLES: usize = 1000;
/// Groups of an account (IAM quotas).
pub const IAM_GROUPS: usize = 300;
/// Groups that a user may be in (IAM quotas).
pub const IAM_GROUPS_PER_USER: usize = 10;
/// Managed policies of an account's own (IAM quotas).
pub const IAM_POLICIES: usize = 1500;
/// Versions of a managed policy (IAM quotas).
pub const IAM_POLICY_VERSIONS: usize = 5;
/// Managed policies attached to a user, role or group (IAM quotas).
pub const IAM_ATTACHMENTS: usize = 10;
/// Access keys of a user (IAM quotas).
pub const ACCESS_KEYS_PER_USER: usize = 2;
/// Characters of a managed policy, white space not counted (IAM quotas).
pub const MANAGED_POLICY_CHARS: usize = 6144;
/// Characters of a trust policy, white space not counted (IAM quotas).
pub const TRUST_POLICY_CHARS: usize = 2048;
/// Characters of all inline policies of a user together, white space not counted (IAM quotas).
pub const INLINE_USER_CHARS: usize = 2048;
/// Characters of all inline policies of a role together, white space not counted (IAM quotas).
pub const INLINE_ROLE_CHARS: usize = 10_240;
/// Characters of all inline policies of a group together, white space not counted (IAM quotas).
pub const INLINE_GROUP_CHARS: usize = 5120;
/// OpenID Connect providers of an account (IAM quotas).
pub const OIDC_PROVIDERS: usize = 100;
/// Client ids of an OpenID Connect provider (IAM quotas).
pub const OIDC_CLIENT_IDS: usize = 100;
/// Thumbprints of an OpenID Connect provider (IAM quotas).
pub const OIDC_THUMBPRINTS: usize = 5;
/// Characters of a thumbprint: SHA-1 in hexadecimal (B).
pub const OIDC_THUMBPRINT_CHARS: usize = 40;
/// Items on a page of IAM, at most (B).
pub const IAM_PAGE: usize = 1000;

/// Characters of a function's description, or of an alias's (B).
pub const FUNCTION_DESCRIPTION_CHARS: usize = 256;
/// Characters of a function's handler (B).
pub const FUNCTION_HANDLER_CHARS: usize = 128;
/// Seconds that an invocation of a function may take (Lambda quotas).
pub const FUNCTION_SECONDS: std::ops::RangeInclusive<u32> = 1..=900;
/// The same, unless told otherwise (Lambda: `CreateFunction`).
pub const FUNCTION_SECONDS_DEFAULT: u32 = 3;
/// Memory of a function, MB (Lambda quotas).
pub const FUNCTION_MEMORY_MB: std::ops::RangeInclusive<u32> = 128..=10_240;
/// The same, unless told otherwise (Lambda: `CreateFunction`).
pub const FUNCTION_MEMORY_MB_DEFAULT: u32 = 128;
/// Size of a function's `/tmp`, MB (Lambda quotas).
pub const FUNCTION_STORAGE_MB: std::ops::RangeInclusive<u32> = 512..=10_240;
/// Bytes of all environment variables of a function together (Lambda quotas).
pub const FUNCTION_ENVIRONMENT_BYTES: usize = 4 * 1024;
/// Bytes of a deployment package that is sent in the request (Lambda quotas).
pub const FUNCTION_ZIP_BYTES: usize = 50 * 1024 * 1024;
/// Bytes of a deployment package unzipped (Lambda quotas).
pub const FUNCTION_UNZIPPED_BYTES: u64 = 250 * 1024 * 1024;
/// Files and directories of a deployment package (ours).
pub const FUNCTION_ZIP_ENTRIES: usize = 50_000;
/// Bytes of all deployment packages of an account (Lambda quotas).
pub const FUNCTION_CODE_BYTES: u64 = 75 * 1024 * 1024 * 1024;
/// Bytes of a function's resource-based policy (Lambda quotas).
pub const FUNCTION_POLICY_BYTES: usize = 20 * 1024;
/// Bytes of an invocation's payload and of its answer (Lambda quotas).
pub const FUNCTION_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;
/// Invocations of an account under way at once, as `GetAccountSettings` says (Lambda quotas).
pub const FUNCTION_CONCURRENCY: u32 = 1000;
/// Of those, what reserving must leave for functions that reserve nothing (Lambda: guide,
/// "Configuring reserved concurrency").
pub const FUNCTION_UNRESERVED_CONCURRENCY: u32 = 100;
/// Characters of a function by name or ARN, qualifier included (B).
pub const FUNCTION_REFERENCE_CHARS: usize = 256;
/// Items on a page of Lambda, at most, and when none is asked for (B).
pub const FUNCTION_PAGE: usize = 50;

/// Characters of a web identity token (STS, `AssumeRoleWithWebIdentity`).
pub const WEB_IDENTITY_TOKEN_CHARS: usize = 20_000;
/// Characters of a web identity's subject (STS, `AssumeRoleWithWebIdentity`).
pub const WEB_IDENTITY_SUBJECT_CHARS: usize = 255;
/// Seconds after its issue within which a web identity token is taken (IAM user guide,
/// "Troubleshooting": 24 hours).
pub const WEB_IDENTITY_AGE_SECONDS: i64 = 86_400;
/// Seconds by which an issuer's clock may be ahead (ours).
pub const WEB_IDENTITY_SKEW_SECONDS: i64 = 300;
/// Claims of a web identity token that become condition keys (ours).
pub const WEB_IDENTITY_FACTS: usize = 64;
/// Keys of an issuer: 100 of RSA and 100 of curves (IAM user guide, "OIDC federation").
pub const ISSUER_KEYS: usize = 200;
/// Characters of a session's source identity (STS, `AssumeRole`).
pub const SOURCE_IDENTITY_CHARS: usize = 64;
/// Characters of a tag's key (IAM, shape `tagKeyType`).
pub const TAG_KEY_CHARS: usize = 128;
/// Characters of a tag's value (IAM, shape `tagValueType`).
pub const TAG_VALUE_CHARS: usize = 256;
