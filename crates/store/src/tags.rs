//! Tags of resources: at most [`limits::TAGS`] each.

use std::collections::BTreeMap;

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::names::{
    AuthorizerName, BillingGroupName, CertificateProviderName, DomainConfigurationName,
    FunctionName, PolicyName, RoleAliasName, TemplateName, ThingGroupName, ThingTypeName,
};

use crate::sql::{Sql, args};
use crate::{Store, StoreError, policies};

/// A resource that may have tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tagged {
    /// A user, role or group.
    Identity(crate::Identity),
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
            put(sql, kind, row, &tags)
        })
        .await
    }

    /// `UntagResource`; a key that is not there is no error.
    pub async fn untag(&self, resource: Tagged, keys: Vec<String>) -> Result<(), StoreError> {
        self.write(move |sql| {
            let (kind, row) = locate(sql, &resource)?;
            for key in &keys {
                sql.execute(
                    "DELETE FROM tags WHERE kind = $1 AND resource_row = $2 AND tag_key = $3",
                    args![kind, row, key],
                )?;
            }
            Ok(())
        })
        .await
    }

    /// `ListTagsForResource`: all of them.
    pub async fn tags(&self, resource: &Tagged) -> Result<BTreeMap<String, String>, StoreError> {
        self.snapshot(|sql| {
            let (kind, row) = locate(sql, resource)?;
            let pairs = sql.all(
                "SELECT tag_key, tag_value FROM tags WHERE kind = $1 AND resource_row = $2",
                args![kind, row],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            Ok(pairs.into_iter().collect())
        })
        .await
    }
}

/// Adds tags to a resource, within the bound.
pub(crate) fn put(
    sql: &Sql<'_>,
    kind: &str,
    row: i64,
    tags: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    if tags.is_empty() {
        return Ok(());
    }
    for (key, value) in tags {
        sql.execute(
            "INSERT INTO tags (kind, resource_row, tag_key, tag_value) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (kind, resource_row, tag_key) DO UPDATE SET tag_value = excluded.tag_value",
            args![kind, row, key, value],
        )?;
    }
    let count = sql.count(
        "SELECT count(*) FROM tags WHERE kind = $1 AND resource_row = $2",
        args![kind, row],
    )?;
    if count > limits::TAGS {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            format!("A resource may have at most {} tags; this would make {count}.", limits::TAGS),
        ));
    }
    Ok(())
}

/// Removes all tags of a resource that goes.
pub(crate) fn remove(sql: &Sql<'_>, kind: &str, row: i64) -> Result<(), StoreError> {
    sql.execute("DELETE FROM tags WHERE kind = $1 AND resource_row = $2", args![kind, row])?;
    Ok(())
}

fn locate(sql: &Sql<'_>, resource: &Tagged) -> Result<(&'static str, i64), StoreError> {
    Ok(match resource {
        Tagged::Identity(found) => ("identity", crate::iam::identity_row(sql, found)?),
        Tagged::Template(name) => ("template", crate::templates::require(sql, name)?),
        Tagged::Policy(name) => ("policy", policies::require(sql, name)?.0),
        Tagged::ThingType(name) => ("thing_type", crate::thing_types::require(sql, name)?),
        Tagged::ThingGroup(name) => ("thing_group", crate::thing_groups::require(sql, name)?.0),
        Tagged::BillingGroup(name) => ("billing_group", crate::billing_groups::require(sql, name)?),
        Tagged::RoleAlias(name) => ("role_alias", crate::role_aliases::require(sql, name)?),
        Tagged::Authorizer(name) => ("authorizer", crate::authorizers::require(sql, name)?.0),
        Tagged::CertificateProvider(name) => {
            ("certificate_provider", crate::certificate_providers::require(sql, name)?)
        }
        Tagged::DomainConfiguration(name, id) => {
            ("domain_configuration", crate::domain_configurations::require_id(sql, name, id)?)
        }
        Tagged::Function(name) => ("function", crate::functions::require(sql, name)?.0),
        Tagged::CaCertificate(id) => ("cacert", crate::ca_certificates::require(sql, id)?.0),
    })
}
