//! Resources that may have tags, and their tags by the API.

use std::collections::BTreeMap;

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::names::{
    AuthorizerName, BillingGroupName, CertificateProviderName, DomainConfigurationName,
    FunctionName, JobId, JobTemplateId, PolicyName, RoleAliasName, TemplateName, ThingGroupName,
    ThingTypeName,
};

use crate::sql::Sql;
use crate::{
    Identity, ManagedPolicy, OidcProvider, Store, StoreError, authorizers, billing_groups,
    ca_certificates, certificate_providers, domain_configurations, functions, iam, jobs, policies,
    role_aliases, tags, templates, thing_groups, thing_types,
};

/// A resource that may have tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tagged {
    /// A user, role or group.
    Identity(Identity),
    /// A provisioning template.
    Template(TemplateName),
    /// A policy.
    Policy(PolicyName),
    /// A thing type.
    ThingType(ThingTypeName),
    /// A thing group.
    ThingGroup(ThingGroupName),
    /// A billing group.
    BillingGroup(BillingGroupName),
    /// A role alias.
    RoleAlias(RoleAliasName),
    /// An authorizer.
    Authorizer(AuthorizerName),
    /// A certificate provider.
    CertificateProvider(CertificateProviderName),
    /// A domain configuration, with the id of its ARN.
    DomainConfiguration(DomainConfigurationName, Box<str>),
    /// A registered CA certificate.
    CaCertificate(CertificateId),
    /// A Lambda function.
    Function(FunctionName),
    /// A managed policy of the account.
    ManagedPolicy(ManagedPolicy),
    /// An OpenID Connect provider.
    OidcProvider(OidcProvider),
    /// A job.
    Job(JobId),
    /// A job template.
    JobTemplate(JobTemplateId),
}

impl Store {
    /// `TagResource`: adds tags, replacing the values of keys that exist.
    pub async fn tag(
        &self,
        resource: Tagged,
        tags: BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let (kind, row) = locate(sql, &resource)?;
            tags::put(sql, kind, row, &tags)
        })
        .await
    }

    /// `UntagResource`; a key that is not there is no error.
    pub async fn untag(&self, resource: Tagged, keys: Vec<String>) -> Result<(), StoreError> {
        self.write(move |sql| {
            let (kind, row) = locate(sql, &resource)?;
            for key in &keys {
                tags::remove_key(sql, kind, row, key)?;
            }
            Ok(())
        })
        .await
    }

    /// `ListTagsForResource`: all of them.
    pub async fn tags(&self, resource: &Tagged) -> Result<BTreeMap<String, String>, StoreError> {
        self.snapshot(|sql| {
            let (kind, row) = locate(sql, resource)?;
            tags::of(sql, kind, row)
        })
        .await
    }
}

/// The kind of its tags, and its row.
fn locate(sql: &Sql<'_>, resource: &Tagged) -> Result<(&'static str, i64), StoreError> {
    Ok(match resource {
        Tagged::Identity(found) => ("identity", iam::identity_row(sql, found)?),
        Tagged::Template(name) => ("template", templates::require(sql, name)?),
        Tagged::Policy(name) => ("policy", policies::require(sql, name)?.0),
        Tagged::ThingType(name) => ("thing_type", thing_types::require(sql, name)?),
        Tagged::ThingGroup(name) => ("thing_group", thing_groups::require(sql, name)?.0),
        Tagged::BillingGroup(name) => ("billing_group", billing_groups::require(sql, name)?),
        Tagged::RoleAlias(name) => ("role_alias", role_aliases::require(sql, name)?),
        Tagged::Authorizer(name) => ("authorizer", authorizers::require(sql, name)?.0),
        Tagged::CertificateProvider(name) => {
            ("certificate_provider", certificate_providers::require(sql, name)?)
        }
        Tagged::DomainConfiguration(name, id) => {
            ("domain_configuration", domain_configurations::require_id(sql, name, id)?)
        }
        Tagged::Function(name) => ("function", functions::require(sql, name)?.0),
        Tagged::ManagedPolicy(found) => ("managed_policy", iam::managed_policy_row(sql, found)?),
        Tagged::OidcProvider(found) => ("oidc_provider", iam::provider_row(sql, &found.url)?),
        Tagged::Job(id) => ("job", jobs::require(sql, id)?.row.0),
        Tagged::JobTemplate(id) => ("job_template", jobs::require_template(sql, id)?),
        Tagged::CaCertificate(id) => ("cacert", ca_certificates::require(sql, id)?.0),
    })
}
