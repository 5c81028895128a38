//! Amazon Resource Names of the resources that Fleetwright keeps:
//! `arn:aws:iot:{region}:{account}:{resource}`.

mod doubt;

use std::fmt::Display;

pub use doubt::ArnDoubt;
pub(crate) use doubt::placeholder;

use crate::certificate::CertificateId;
use crate::names::{
    AccountId, AuthorizerName, BillingGroupName, CertificateProviderName, DomainConfigurationName,
    FunctionName, IamPath, JobId, JobTemplateId, PolicyName, Region, RoleAliasName, TemplateName,
    ThingGroupName, ThingName, ThingTypeName,
};

/// Where ARNs live: the partition is always `aws`, as in AWS's commercial regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountScope {
    /// The region of every ARN of this installation.
    pub region: Region,
    /// The account of every ARN of this installation.
    pub account: AccountId,
}

/// A resource that a policy or a tag may be attached to, read from its ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `cert/{64 hex}`
    Certificate(CertificateId),
    /// `thinggroup/{name}`
    ThingGroup(ThingGroupName),
    /// `policy/{name}`
    Policy(PolicyName),
    /// `thing/{name}`
    Thing(ThingName),
    /// `thingtype/{name}`
    ThingType(ThingTypeName),
    /// `billinggroup/{name}`
    BillingGroup(BillingGroupName),
    /// `cacert/{64 hex}`
    CaCertificate(CertificateId),
    /// `rolealias/{name}`
    RoleAlias(RoleAliasName),
    /// `authorizer/{name}`
    Authorizer(AuthorizerName),
    /// `certificateprovider/{name}`
    CertificateProvider(CertificateProviderName),
    /// `domainconfiguration/{name}/{id}`: one made anew under its name has another id.
    DomainConfiguration(DomainConfigurationName, Box<str>),
    /// `provisioningtemplate/{name}`
    Template(TemplateName),
    /// `job/{id}`
    Job(JobId),
    /// `jobtemplate/{id}`
    JobTemplate(JobTemplateId),
}

impl AccountScope {
    /// The ARN of `kind/name`, for instance `kind` = `thing`. Kinds in use: `thing`, `thingtype`,
    /// `thinggroup`, `billinggroup`, `policy`, `cert`, `cacert`, `provisioningtemplate`,
    /// `client`, `topic`, `topicfilter`.
    pub fn arn(&self, kind: &str, name: impl Display) -> String {
        format!("arn:aws:iot:{}:{}:{kind}/{name}", self.region, self.account)
    }

    /// The ARN of a Lambda function, unqualified.
    pub fn function_arn(&self, name: &FunctionName) -> String {
        format!("arn:aws:lambda:{}:{}:function:{name}", self.region, self.account)
    }

    /// The ARN of an IAM resource, which has no region; `kind` = `user`, `role`, `group` or
    /// `policy`.
    pub fn iam_arn(&self, kind: &str, path: &IamPath, name: impl Display) -> String {
        format!("arn:aws:iam::{}:{kind}{path}{name}", self.account)
    }

    /// Reads an ARN of this scope; `None` for another service, region or account, for a kind that
    /// is no [`Target`], or for a malformed name.
    pub fn target(&self, arn: &str) -> Option<Target> {
        let rest = arn.strip_prefix("arn:aws:iot:")?;
        let rest = rest.strip_prefix(self.region.as_str())?.strip_prefix(':')?;
        let rest = rest.strip_prefix(self.account.as_str())?.strip_prefix(':')?;
        let (kind, name) = rest.split_once('/')?;
        match kind {
            "cert" => CertificateId::parse(name).ok().map(Target::Certificate),
            "thinggroup" => ThingGroupName::parse(name).ok().map(Target::ThingGroup),
            "thing" => ThingName::parse(name).ok().map(Target::Thing),
            "thingtype" => ThingTypeName::parse(name).ok().map(Target::ThingType),
            "billinggroup" => BillingGroupName::parse(name).ok().map(Target::BillingGroup),
            "cacert" => CertificateId::parse(name).ok().map(Target::CaCertificate),
            "rolealias" => RoleAliasName::parse(name).ok().map(Target::RoleAlias),
            "authorizer" => AuthorizerName::parse(name).ok().map(Target::Authorizer),
            "certificateprovider" => {
                CertificateProviderName::parse(name).ok().map(Target::CertificateProvider)
            }
            "domainconfiguration" => {
                let (name, id) = name.split_once('/')?;
                let name = DomainConfigurationName::parse(name).ok()?;
                Some(Target::DomainConfiguration(name, id.into()))
            }
            "job" => JobId::parse(name).ok().map(Target::Job),
            "jobtemplate" => JobTemplateId::parse(name).ok().map(Target::JobTemplate),
            "policy" => PolicyName::parse(name).ok().map(Target::Policy),
            "provisioningtemplate" => TemplateName::parse(name).ok().map(Target::Template),
            _ => None,
        }
    }
}
