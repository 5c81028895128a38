//! Certificate providers: a function that signs what devices ask for, instead of our own CA.

use std::collections::BTreeMap;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits;
use fleetwright_core::names::CertificateProviderName;
use fleetwright_core::time::Timestamp;

use crate::sql::{Row, Sql, args};
use crate::{Change, Store, StoreError, tags};

/// A certificate provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateProvider {
    /// Its name.
    pub name: CertificateProviderName,
    /// The function that signs.
    pub function_arn: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
}

impl Store {
    /// `CreateCertificateProvider`; at most [`limits::CERTIFICATE_PROVIDERS`].
    pub async fn create_certificate_provider(
        &self,
        provider: CertificateProvider,
        tags: BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| create(sql, &provider, &tags)).await
    }

    /// All certificate providers, by name; there are [`limits::CERTIFICATE_PROVIDERS`] at most.
    pub async fn certificate_providers(&self) -> Result<Vec<CertificateProvider>, StoreError> {
        self.read(|sql| {
            sql.all(
                "SELECT name, function_arn, created, modified FROM certificate_providers \
                 ORDER BY name",
                args![],
                read_provider,
            )
        })
        .await
    }

    /// A certificate provider by its name.
    pub async fn certificate_provider(
        &self,
        name: &CertificateProviderName,
    ) -> Result<Option<CertificateProvider>, StoreError> {
        let found = self.certificate_providers().await?;
        Ok(found.into_iter().find(|provider| provider.name == *name))
    }

    /// `UpdateCertificateProvider`: the function, if given.
    pub async fn update_certificate_provider(
        &self,
        name: CertificateProviderName,
        function_arn: Option<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &name)?;
            sql.execute(
                "UPDATE certificate_providers SET function_arn = coalesce($1, function_arn), \
                 modified = $2 WHERE row_id = $3",
                args![function_arn.as_ref(), now, row],
            )?;
            sql.changed(Change::CertificateProvider);
            Ok(())
        })
        .await
    }

    /// `DeleteCertificateProvider`: our own CA signs again.
    pub async fn delete_certificate_provider(
        &self,
        name: CertificateProviderName,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = require(sql, &name)?;
            sql.execute("DELETE FROM certificate_providers WHERE row_id = $1", args![row])?;
            sql.changed(Change::CertificateProvider);
            tags::remove(sql, "certificate_provider", row)
        })
        .await
    }
}

/// The row of a certificate provider, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, name: &CertificateProviderName) -> Result<i64, StoreError> {
    let found =
        sql.one("SELECT row_id FROM certificate_providers WHERE name = $1", args![name], |row| {
            row.value()
        })?;
    found.ok_or_else(|| {
        StoreError::refused(
            ErrorCode::ResourceNotFound,
            format!("The certificate provider '{name}' does not exist."),
        )
    })
}

fn create(
    sql: &Sql<'_>,
    new: &CertificateProvider,
    tags: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    if sql.exists("SELECT 1 FROM certificate_providers WHERE name = $1", args![&new.name])? {
        let arn = sql.scope.arn("certificateprovider", &new.name);
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("The certificate provider '{}' exists already.", new.name),
        )
        .about(new.name.as_str(), arn)
        .into());
    }
    let count = sql.count("SELECT count(*) FROM certificate_providers", args![])?;
    if count >= limits::CERTIFICATE_PROVIDERS {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            "An account has one certificate provider; update or delete the one that exists.",
        ));
    }
    let row = sql.insert(
        "INSERT INTO certificate_providers (name, function_arn, created, modified) \
         VALUES ($1, $2, $3, $4) RETURNING row_id",
        args![&new.name, &new.function_arn, new.created, new.modified],
    )?;
    sql.changed(Change::CertificateProvider);
    tags::put(sql, "certificate_provider", row, tags)
}

fn read_provider(row: &Row<'_>) -> Result<CertificateProvider, StoreError> {
    Ok(CertificateProvider {
        name: row.get("name")?,
        function_arn: row.get("function_arn")?,
        created: row.get("created")?,
        modified: row.get("modified")?,
    })
}
