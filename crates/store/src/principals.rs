//! Things and their principals: certificates, exclusive to one thing or not.

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::ThingName;

use crate::sql::{Sql, args};
use crate::{
    CertificateRow, Change, Page, Store, StoreError, ThingRow, certificates, page, things,
};

/// A principal of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThingPrincipal {
    /// The certificate's row, the key of the listing.
    pub row: CertificateRow,
    /// The certificate.
    pub certificate: CertificateId,
    /// `EXCLUSIVE_THING`
    pub exclusive: bool,
}

/// A thing of a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThingOfPrincipal {
    /// The thing.
    pub thing: ThingName,
    /// `EXCLUSIVE_THING`
    pub exclusive: bool,
}

impl Store {
    /// `AttachThingPrincipal`; attached already in the same way is no error.
    pub async fn attach_thing_principal(
        &self,
        thing: ThingName,
        certificate: CertificateId,
        exclusive: bool,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = things::require(sql, &thing)?.row;
            let principal = certificates::require(sql, &certificate)?.row;
            attach(sql, principal, row, exclusive)?;
            sql.changed(Change::Certificate(certificate));
            sql.changed(Change::Thing(thing));
            Ok(())
        })
        .await
    }

    /// `DetachThingPrincipal`; not attached is no error.
    pub async fn detach_thing_principal(
        &self,
        thing: ThingName,
        certificate: CertificateId,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = things::require(sql, &thing)?.row;
            let principal = certificates::require(sql, &certificate)?.row;
            sql.execute(
                "DELETE FROM thing_principals WHERE certificate_row = $1 AND thing_row = $2",
                args![principal, row],
            )?;
            sql.changed(Change::Certificate(certificate));
            sql.changed(Change::Thing(thing));
            Ok(())
        })
        .await
    }

    /// `ListThingPrincipals`, in the order of registration; only exclusive ones, or only others,
    /// if `exclusive` says so.
    pub async fn thing_principals(
        &self,
        thing: &ThingName,
        exclusive: Option<bool>,
        after: Option<CertificateRow>,
        limit: usize,
    ) -> Result<Page<ThingPrincipal, CertificateRow>, StoreError> {
        let size = page::size(limit);
        let items = self
            .snapshot(|sql| {
                sql.all(
                    "SELECT c.row_id, c.id, p.exclusive FROM thing_principals p \
                     JOIN certificates c ON c.row_id = p.certificate_row \
                     WHERE p.thing_row = $1 AND p.certificate_row > $2 \
                     AND p.exclusive BETWEEN $3 AND $4 \
                     ORDER BY p.certificate_row LIMIT $5",
                    args![
                        things::require(sql, thing)?.row,
                        after.unwrap_or(CertificateRow(0)),
                        exclusive.unwrap_or(false),
                        exclusive.unwrap_or(true),
                        size + 1
                    ],
                    |row| {
                        Ok(ThingPrincipal {
                            row: row.get("row_id")?,
                            certificate: row.get("id")?,
                            exclusive: row.get("exclusive")?,
                        })
                    },
                )
            })
            .await?;
        Ok(Page::cut(items, size, |item| item.row))
    }

    /// `ListPrincipalThings`, by name; `exclusive` as in [`Self::thing_principals`].
    pub async fn principal_things(
        &self,
        certificate: CertificateId,
        exclusive: Option<bool>,
        after: Option<ThingName>,
        limit: usize,
    ) -> Result<Page<ThingOfPrincipal, ThingName>, StoreError> {
        let size = page::size(limit);
        let after = after.as_ref().map_or("", ThingName::as_str).to_owned();
        let items = self
            .snapshot(|sql| {
                sql.all(
                    "SELECT t.name, p.exclusive FROM thing_principals p \
                     JOIN things t ON t.row_id = p.thing_row \
                     WHERE p.certificate_row = $1 AND t.name > $2 \
                     AND p.exclusive BETWEEN $3 AND $4 ORDER BY t.name LIMIT $5",
                    args![
                        certificates::require(sql, &certificate)?.row,
                        &after,
                        exclusive.unwrap_or(false),
                        exclusive.unwrap_or(true),
                        size + 1
                    ],
                    |row| {
                        Ok(ThingOfPrincipal {
                            thing: row.get("name")?,
                            exclusive: row.get("exclusive")?,
                        })
                    },
                )
            })
            .await?;
        Ok(Page::cut(items, size, |item| item.thing.clone()))
    }
}

/// Attaches a certificate to a thing by the rules of exclusiveness: an exclusive attachment is the
/// certificate's only one.
pub(crate) fn attach(
    sql: &Sql<'_>,
    certificate: CertificateRow,
    thing: ThingRow,
    exclusive: bool,
) -> Result<(), StoreError> {
    let same: Option<bool> = sql.one(
        "SELECT exclusive FROM thing_principals WHERE certificate_row = $1 AND thing_row = $2",
        args![certificate, thing],
        |row| row.value(),
    )?;
    if same == Some(exclusive) {
        return Ok(());
    }
    // An exclusive attachment is the only one, so the first tells for all.
    let any: Option<bool> = sql.one(
        "SELECT exclusive FROM thing_principals WHERE certificate_row = $1 LIMIT 1",
        args![certificate],
        |row| row.value(),
    )?;
    let why = match any {
        Some(true) => "The principal is attached exclusively to a thing; detach it first.",
        Some(false) if exclusive => {
            "The principal is attached to a thing and cannot be attached exclusively; detach it first."
        }
        Some(false) | None => {
            sql.execute(
                "INSERT INTO thing_principals (certificate_row, thing_row, exclusive) \
                 VALUES ($1, $2, $3)",
                args![certificate, thing, exclusive],
            )?;
            return Ok(());
        }
    };
    Err(StoreError::refused(ErrorCode::InvalidRequest, why))
}
