//! OpenID Connect providers: issuers whose tokens roles may trust.

use std::collections::BTreeMap;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::time::Timestamp;

use super::{missing, quota};
use crate::sql::{Row, Sql, args, json};
use crate::{Store, StoreError, tags};

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcProvider {
    /// Its issuer URL without the scheme, as ARNs and condition keys name it.
    pub url: String,
    /// `https`, or `http` on loopback.
    pub scheme: String,
    /// Audiences that its tokens may have.
    pub client_ids: Vec<String>,
    /// Thumbprints of its certificate, as given.
    pub thumbprints: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
}

/// What changes of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OidcChange {
    /// One audience more; one that is there already stays.
    AddClientId(String),
    /// One audience less; one that is not there is no error.
    RemoveClientId(String),
    /// Other thumbprints.
    Thumbprints(Vec<String>),
}

impl OidcChange {
    fn apply(self, provider: &mut OidcProvider) -> Result<(), StoreError> {
        match self {
            Self::AddClientId(id) if provider.client_ids.contains(&id) => {}
            Self::AddClientId(_) if provider.client_ids.len() >= limits::OIDC_CLIENT_IDS => {
                return Err(quota("ClientIdsPerOpenIdConnectProvider", limits::OIDC_CLIENT_IDS));
            }
            Self::AddClientId(id) => provider.client_ids.push(id),
            Self::RemoveClientId(id) => provider.client_ids.retain(|known| *known != id),
            Self::Thumbprints(thumbprints) => provider.thumbprints = thumbprints,
        }
        Ok(())
    }
}

const COLUMNS: &str = "url, scheme, client_ids, thumbprints, created";

impl Store {
    /// `CreateOpenIDConnectProvider`.
    pub async fn create_oidc_provider(
        &self,
        new: OidcProvider,
        tags: BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            if find(sql, &new.url)?.is_some() {
                let message = format!("Provider with url {} already exists.", new.url);
                return Err(StoreError::refused(ErrorCode::ResourceAlreadyExists, message));
            }
            let count = sql.count("SELECT count(*) FROM oidc_providers", args![])?;
            if count >= limits::OIDC_PROVIDERS {
                return Err(quota("OpenIdConnectProvidersPerAccount", limits::OIDC_PROVIDERS));
            }
            let row = sql.insert(
                "INSERT INTO oidc_providers (url, scheme, client_ids, thumbprints, created) \
                 VALUES ($1, $2, $3, $4, $5) RETURNING row_id",
                args![
                    &new.url,
                    &new.scheme,
                    &json(&new.client_ids)?,
                    &json(&new.thumbprints)?,
                    new.created
                ],
            )?;
            tags::put(sql, "oidc_provider", row, &tags)
        })
        .await
    }

    /// A provider by its URL without the scheme.
    pub async fn oidc_provider(&self, url: &str) -> Result<Option<OidcProvider>, StoreError> {
        self.read(|sql| find(sql, url)).await
    }

    /// Every provider, by URL.
    pub async fn oidc_providers(&self) -> Result<Vec<OidcProvider>, StoreError> {
        let text = format!("SELECT {COLUMNS} FROM oidc_providers ORDER BY url");
        self.read(|sql| sql.all(&text, args![], read)).await
    }

    /// Changes the lists of a provider; answers it as it is then. `ResourceNotFound` if it is gone.
    pub async fn change_oidc_provider(
        &self,
        url: String,
        change: OidcChange,
    ) -> Result<OidcProvider, StoreError> {
        self.write(move |sql| {
            let row = require(sql, &url)?;
            let mut found = find(sql, &url)?
                .ok_or_else(|| StoreError::Corrupt("an OpenID Connect provider vanished".into()))?;
            change.apply(&mut found)?;
            sql.execute(
                "UPDATE oidc_providers SET client_ids = $1, thumbprints = $2 WHERE row_id = $3",
                args![&json(&found.client_ids)?, &json(&found.thumbprints)?, row],
            )?;
            Ok(found)
        })
        .await
    }

    /// `DeleteOpenIDConnectProvider`; answers whether there was one.
    pub async fn delete_oidc_provider(&self, url: String) -> Result<bool, StoreError> {
        self.write_if(move |sql| {
            let Ok(row) = require(sql, &url) else { return Ok(false) };
            tags::remove(sql, "oidc_provider", row)?;
            Ok(sql.execute("DELETE FROM oidc_providers WHERE row_id = $1", args![row])? > 0)
        })
        .await
    }
}

fn find(sql: &Sql<'_>, url: &str) -> Result<Option<OidcProvider>, StoreError> {
    sql.one(&format!("SELECT {COLUMNS} FROM oidc_providers WHERE url = $1"), args![url], read)
}

/// The row of a provider, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, url: &str) -> Result<i64, StoreError> {
    let row =
        sql.one("SELECT row_id FROM oidc_providers WHERE url = $1", args![url], |row| row.value())?;
    row.ok_or_else(|| missing(format!("OpenIDConnect provider {url} was not found.")))
}

fn read(row: &Row<'_>) -> Result<OidcProvider, StoreError> {
    Ok(OidcProvider {
        url: row.get("url")?,
        scheme: row.get("scheme")?,
        client_ids: row.get("client_ids")?,
        thumbprints: row.get("thumbprints")?,
        created: row.get("created")?,
    })
}
