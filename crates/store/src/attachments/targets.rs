//! What a policy is attached to.

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::names::PolicyName;

use super::PolicyTarget;
use crate::sql::{Sql, args};
use crate::{CertificateRow, GroupRow, Page, Store, StoreError, page, policies};

/// Where a listing of a policy's targets goes on: certificates first, then groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKey {
    /// After this certificate.
    Certificate(CertificateRow),
    /// After this group.
    ThingGroup(GroupRow),
}

impl Store {
    /// `ListTargetsForPolicy`: certificates, then groups, each in the order of their rows.
    pub async fn policy_targets(
        &self,
        policy: &PolicyName,
        after: Option<TargetKey>,
        limit: usize,
    ) -> Result<Page<PolicyTarget, TargetKey>, StoreError> {
        self.snapshot(|sql| targets(sql, policy, after, page::size(limit))).await
    }

    /// `ListPolicyPrincipals`: certificates in the order of their rows or its reverse.
    pub async fn policy_principals(
        &self,
        policy: &PolicyName,
        after: Option<CertificateRow>,
        limit: usize,
        ascending: bool,
    ) -> Result<Page<CertificateId, CertificateRow>, StoreError> {
        let size = page::size(limit);
        let (text, start) = if ascending {
            (
                "SELECT c.row_id, c.id FROM certificate_policies a \
                 JOIN certificates c ON c.row_id = a.certificate_row WHERE a.policy_row = $1 \
                 AND a.certificate_row > $2 ORDER BY a.certificate_row LIMIT $3",
                0,
            )
        } else {
            (
                "SELECT c.row_id, c.id FROM certificate_policies a \
                 JOIN certificates c ON c.row_id = a.certificate_row WHERE a.policy_row = $1 \
                 AND a.certificate_row < $2 ORDER BY a.certificate_row DESC LIMIT $3",
                i64::MAX,
            )
        };
        let start = after.map_or(start, |row| row.0);
        let found: Vec<(CertificateRow, CertificateId)> = self
            .snapshot(|sql| {
                sql.all(text, args![policies::require(sql, policy)?, start, size + 1], |row| {
                    Ok((row.get("row_id")?, row.get("id")?))
                })
            })
            .await?;
        let page = Page::cut(found, size, |(row, _)| *row);
        Ok(Page { items: page.items.into_iter().map(|(_, id)| id).collect(), next: page.next })
    }
}

fn targets(
    sql: &Sql<'_>,
    policy: &PolicyName,
    after: Option<TargetKey>,
    size: usize,
) -> Result<Page<PolicyTarget, TargetKey>, StoreError> {
    let policy = policies::require(sql, policy)?;
    let mut items = Vec::new();
    let of_group = match after {
        Some(TargetKey::ThingGroup(row)) => row.0,
        Some(TargetKey::Certificate(_)) | None => {
            let start = if let Some(TargetKey::Certificate(row)) = after { row.0 } else { 0 };
            items = sql.all(
                "SELECT c.row_id, c.id FROM certificate_policies a \
                 JOIN certificates c ON c.row_id = a.certificate_row \
                 WHERE a.policy_row = $1 AND a.certificate_row > $2 \
                 ORDER BY a.certificate_row LIMIT $3",
                args![policy, start, size + 1],
                |row| {
                    Ok((
                        TargetKey::Certificate(row.get("row_id")?),
                        PolicyTarget::Certificate(row.get("id")?),
                    ))
                },
            )?;
            0
        }
    };
    let room = (size + 1).saturating_sub(items.len());
    items.extend(sql.all(
        "SELECT g.row_id, g.name FROM group_policies a \
         JOIN thing_groups g ON g.row_id = a.group_row \
         WHERE a.policy_row = $1 AND a.group_row > $2 ORDER BY a.group_row LIMIT $3",
        args![policy, of_group, room],
        |row| {
            Ok((
                TargetKey::ThingGroup(row.get("row_id")?),
                PolicyTarget::ThingGroup(row.get("name")?),
            ))
        },
    )?);
    let page = Page::cut(items, size, |(key, _)| *key);
    Ok(Page { items: page.items.into_iter().map(|(_, target)| target).collect(), next: page.next })
}
