//! Domain configurations: names under which devices may connect, and how.

use std::collections::BTreeMap;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits;
use fleetwright_core::names::{AuthorizerName, DomainConfigurationName};
use fleetwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sql::{Cell, Column, Row, Sql, args, json};
use crate::{Page, Store, StoreError, authorizers, page, tags};

/// A domain configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainConfiguration {
    /// Its name.
    pub name: DomainConfigurationName,
    /// The last part of its ARN, which tells it from an earlier one of the same name.
    pub suffix: String,
    /// Whether it is `ENABLED`.
    pub enabled: bool,
    /// The customer's own domain.
    pub domain_name: Option<String>,
    /// `authorizerConfig.defaultAuthorizerName`
    pub default_authorizer: Option<AuthorizerName>,
    /// Everything else.
    pub settings: DomainSettings,
    /// When its status last changed.
    pub status_changed: Timestamp,
}

/// What is kept of a domain configuration and looked for by nobody; kept as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DomainSettings {
    /// Certificates of the customer's own domain, by ARN.
    pub server_certificates: Vec<String>,
    /// What shows that the domain is the customer's.
    pub validation_certificate: Option<String>,
    /// `authorizerConfig.allowAuthorizerOverride`
    pub allow_authorizer_override: Option<bool>,
    /// `tlsConfig.securityPolicy`
    pub security_policy: Option<String>,
    /// `serverCertificateConfig.enableOCSPCheck`
    pub ocsp_check: Option<bool>,
    /// `serverCertificateConfig.ocspLambdaArn`
    pub ocsp_function: Option<String>,
    /// `serverCertificateConfig.ocspAuthorizedResponderArn`
    pub ocsp_responder: Option<String>,
    /// `authenticationType`
    pub authentication_type: Option<String>,
    /// `applicationProtocol`
    pub application_protocol: Option<String>,
    /// `clientCertificateConfig.clientCertificateCallbackArn`
    pub client_certificate_callback: Option<String>,
}

/// What `UpdateDomainConfiguration` may change.
pub struct DomainConfigurationUpdate {
    /// `domainConfigurationStatus`; `None` leaves it.
    pub enabled: Option<bool>,
    /// The default authorizer; `Some(None)` removes it.
    pub default_authorizer: Option<Option<AuthorizerName>>,
    /// Changes the settings.
    pub settings: Box<dyn FnOnce(&mut DomainSettings) + Send>,
}

impl DomainConfiguration {
    /// Its ARN, with the id that tells it from an earlier one of the same name.
    pub fn arn(&self, scope: &AccountScope) -> String {
        scope.arn("domainconfiguration", format_args!("{}/{}", self.name, self.suffix))
    }
}

impl Column for DomainSettings {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => serde_json::from_str(text).ok(),
            _ => None,
        }
    }
}

const COLUMNS: &str =
    "name, suffix, enabled, domain_name, default_authorizer, settings, status_changed";

impl Store {
    /// `CreateDomainConfiguration`; at most [`limits::DOMAIN_CONFIGURATIONS`].
    pub async fn create_domain_configuration(
        &self,
        new: DomainConfiguration,
        tags: BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| create(sql, &new, &tags)).await
    }

    /// A domain configuration by its name.
    pub async fn domain_configuration(
        &self,
        name: &DomainConfigurationName,
    ) -> Result<Option<DomainConfiguration>, StoreError> {
        self.read(|sql| find(sql, name)).await
    }

    /// `UpdateDomainConfiguration` of this one, not of one made anew under its name; answers it as
    /// it is now.
    pub async fn update_domain_configuration(
        &self,
        of: DomainConfiguration,
        update: DomainConfigurationUpdate,
        now: Timestamp,
    ) -> Result<DomainConfiguration, StoreError> {
        self.write(move |sql| {
            let mut found = same(sql, &of)?;
            if let Some(enabled) = update.enabled.filter(|enabled| *enabled != found.enabled) {
                found.enabled = enabled;
                found.status_changed = now;
            }
            if let Some(authorizer) = update.default_authorizer {
                found.default_authorizer = authorizer;
            }
            (update.settings)(&mut found.settings);
            check_authorizer(sql, &found)?;
            sql.execute(
                "UPDATE domain_configurations SET enabled = $1, default_authorizer = $2, \
                 settings = $3, status_changed = $4 WHERE name = $5",
                args![
                    found.enabled,
                    found.default_authorizer.as_ref(),
                    &json(&found.settings)?,
                    found.status_changed,
                    &found.name
                ],
            )?;
            Ok(found)
        })
        .await
    }

    /// `DeleteDomainConfiguration` of this one, not of one made anew under its name; only one that
    /// is `DISABLED`.
    pub async fn delete_domain_configuration(
        &self,
        of: DomainConfiguration,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let found = same(sql, &of)?;
            if found.enabled {
                return Err(StoreError::refused(
                    ErrorCode::InvalidRequest,
                    format!(
                        "The domain configuration '{}' is ENABLED; update its status to \
                         DISABLED first.",
                        found.name
                    ),
                ));
            }
            let row = require_id(sql, &found.name, &found.suffix)?;
            sql.execute("DELETE FROM domain_configurations WHERE row_id = $1", args![row])?;
            tags::remove(sql, "domain_configuration", row)
        })
        .await
    }

    /// `ListDomainConfigurations`, by name.
    pub async fn list_domain_configurations(
        &self,
        after: Option<DomainConfigurationName>,
        limit: usize,
    ) -> Result<Page<DomainConfiguration, DomainConfigurationName>, StoreError> {
        let size = page::size(limit);
        let after = after.as_ref().map_or("", DomainConfigurationName::as_str).to_owned();
        let text = format!(
            "SELECT {COLUMNS} FROM domain_configurations WHERE name > $1 ORDER BY name LIMIT $2"
        );
        let items =
            self.read(|sql| sql.all(&text, args![&after, size + 1], read_configuration)).await?;
        Ok(Page::cut(items, size, |found| found.name.clone()))
    }
}

/// The row of the domain configuration of a name and id.
pub(crate) fn require_id(
    sql: &Sql<'_>,
    name: &DomainConfigurationName,
    id: &str,
) -> Result<i64, StoreError> {
    let text = "SELECT row_id FROM domain_configurations WHERE name = $1 AND suffix = $2";
    sql.one(text, args![name, id], |row| row.value())?.ok_or_else(|| not_found(name))
}

/// A domain configuration as it is now; one made anew under its name is another.
fn same(sql: &Sql<'_>, of: &DomainConfiguration) -> Result<DomainConfiguration, StoreError> {
    let found = find(sql, &of.name)?.filter(|found| found.suffix == of.suffix);
    found.ok_or_else(|| not_found(&of.name))
}

fn not_found(name: &DomainConfigurationName) -> StoreError {
    StoreError::refused(
        ErrorCode::ResourceNotFound,
        format!("The domain configuration '{name}' does not exist."),
    )
}

fn find(
    sql: &Sql<'_>,
    name: &DomainConfigurationName,
) -> Result<Option<DomainConfiguration>, StoreError> {
    let text = format!("SELECT {COLUMNS} FROM domain_configurations WHERE name = $1");
    sql.one(&text, args![name], read_configuration)
}

fn check_authorizer(sql: &Sql<'_>, found: &DomainConfiguration) -> Result<(), StoreError> {
    let Some(name) = &found.default_authorizer else { return Ok(()) };
    match authorizers::require(sql, name) {
        Ok(_) => Ok(()),
        Err(StoreError::Refused(refusal)) => {
            Err(StoreError::refused(ErrorCode::InvalidRequest, refusal.message))
        }
        Err(other) => Err(other),
    }
}

fn create(
    sql: &Sql<'_>,
    new: &DomainConfiguration,
    tags: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    if let Some(found) = find(sql, &new.name)? {
        let arn =
            sql.scope.arn("domainconfiguration", format_args!("{}/{}", new.name, found.suffix));
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("The domain configuration '{}' exists already.", new.name),
        )
        .about(new.name.as_str(), arn)
        .into());
    }
    let count = sql.count("SELECT count(*) FROM domain_configurations", args![])?;
    if count >= limits::DOMAIN_CONFIGURATIONS {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            format!(
                "An account has at most {} domain configurations; delete one.",
                limits::DOMAIN_CONFIGURATIONS
            ),
        ));
    }
    check_authorizer(sql, new)?;
    let row = sql.insert(
        "INSERT INTO domain_configurations (name, suffix, enabled, domain_name, \
         default_authorizer, settings, status_changed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING row_id",
        args![
            &new.name,
            &new.suffix,
            new.enabled,
            new.domain_name.as_ref(),
            new.default_authorizer.as_ref(),
            &json(&new.settings)?,
            new.status_changed
        ],
    )?;
    tags::put(sql, "domain_configuration", row, tags)
}

fn read_configuration(row: &Row<'_>) -> Result<DomainConfiguration, StoreError> {
    Ok(DomainConfiguration {
        name: row.get("name")?,
        suffix: row.get("suffix")?,
        enabled: row.get("enabled")?,
        domain_name: row.get("domain_name")?,
        default_authorizer: row.get("default_authorizer")?,
        settings: row.get("settings")?,
        status_changed: row.get("status_changed")?,
    })
}
