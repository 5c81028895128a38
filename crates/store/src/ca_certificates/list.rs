//! `ListCACertificates`.

use fleetwright_core::ca_certificate::CaCertificateStatus;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::names::TemplateName;
use fleetwright_core::time::Timestamp;

use crate::sql::{Row, Sql, args};
use crate::{CaRow, Page, Store, StoreError, page};

/// A line of `ListCACertificates`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaCertificateSummary {
    /// Its row, the key of the listing.
    pub row: CaRow,
    /// SHA-256 of its DER.
    pub id: CertificateId,
    /// Its status.
    pub status: CaCertificateStatus,
    /// When it was registered.
    pub created: Timestamp,
}

impl Store {
    /// `ListCACertificates`, in the order of registration or its reverse, after a row; `template`
    /// keeps those that name it.
    pub async fn list_ca_certificates(
        &self,
        template: Option<TemplateName>,
        after: Option<CaRow>,
        limit: usize,
        ascending: bool,
    ) -> Result<Page<CaCertificateSummary, CaRow>, StoreError> {
        self.read(move |sql| list(sql, template.as_ref(), after, limit, ascending)).await
    }
}

fn list(
    sql: &Sql<'_>,
    template: Option<&TemplateName>,
    after: Option<CaRow>,
    limit: usize,
    ascending: bool,
) -> Result<Page<CaCertificateSummary, CaRow>, StoreError> {
    let size = page::size(limit);
    let (compare, order, start) = if ascending { (">", "ASC", 0) } else { ("<", "DESC", i64::MAX) };
    let start = after.map_or(start, |row| row.0);
    let summary = |row: &Row<'_>| {
        Ok(CaCertificateSummary {
            row: row.get("row_id")?,
            id: row.get("id")?,
            status: row.get("status")?,
            created: row.get("created")?,
        })
    };
    let select = "SELECT row_id, id, status, created FROM ca_certificates WHERE";
    let items = match template {
        None => sql.all(
            &format!("{select} row_id {compare} $1 ORDER BY row_id {order} LIMIT $2"),
            args![start, size + 1],
            summary,
        ),
        Some(template) => sql.all(
            &format!(
                "{select} template_name = $1 AND row_id {compare} $2 ORDER BY row_id {order} LIMIT $3"
            ),
            args![template, start, size + 1],
            summary,
        ),
    }?;
    Ok(Page::cut(items, size, |item| item.row))
}
