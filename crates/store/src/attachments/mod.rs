//! Policies attached to certificates and thing groups.

mod targets;

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::limits;
use fleetwright_core::names::{PolicyName, ThingGroupName};
pub use targets::TargetKey;

use crate::sql::{Sql, args};
use crate::{
    CertificateRow, Change, Page, PolicyRow, Store, StoreError, certificates, page, policies,
    thing_groups,
};

/// What a policy may be attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyTarget {
    /// A certificate; at most [`limits::POLICIES_PER_CERTIFICATE`].
    Certificate(CertificateId),
    /// A static thing group; at most [`limits::POLICIES_PER_GROUP`].
    ThingGroup(ThingGroupName),
}

impl Store {
    /// `AttachPolicy`; attached already is no error.
    pub async fn attach_policy(
        &self,
        policy: PolicyName,
        target: PolicyTarget,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = policies::require(sql, &policy)?;
            match &target {
                PolicyTarget::Certificate(id) => {
                    let certificate = certificates::require(sql, id)?.row;
                    if attach_to_certificate(sql, row, certificate)? {
                        sql.changed(Change::Certificate(*id));
                    }
                    Ok(())
                }
                PolicyTarget::ThingGroup(name) => attach_to_group(sql, row, name),
            }
        })
        .await
    }

    /// `DetachPolicy`; not attached is no error.
    pub async fn detach_policy(
        &self,
        policy: PolicyName,
        target: PolicyTarget,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let row = policies::require(sql, &policy)?;
            match &target {
                PolicyTarget::Certificate(id) => {
                    let certificate = certificates::require(sql, id)?.row;
                    sql.execute(
                        "DELETE FROM certificate_policies WHERE certificate_row = $1 AND policy_row = $2",
                        args![certificate, row],
                    )?;
                    sql.changed(Change::Certificate(*id));
                }
                PolicyTarget::ThingGroup(name) => {
                    let group = thing_groups::require(sql, name)?;
                    sql.execute(
                        "DELETE FROM group_policies WHERE group_row = $1 AND policy_row = $2",
                        args![group, row],
                    )?;
                    sql.changed(Change::ThingGroup(group));
                }
            }
            Ok(())
        })
        .await
    }

    /// `ListAttachedPolicies`, by name; `recursive` adds those of a group's ancestors.
    pub async fn attached_policies(
        &self,
        target: PolicyTarget,
        recursive: bool,
        after: Option<PolicyName>,
        limit: usize,
    ) -> Result<Page<PolicyName, PolicyName>, StoreError> {
        let size = page::size(limit);
        let after = after.as_ref().map_or("", PolicyName::as_str).to_owned();
        let items = self
            .snapshot(|sql| match &target {
                PolicyTarget::Certificate(id) => sql.all(
                    "SELECT p.name FROM certificate_policies a \
                     JOIN policies p ON p.row_id = a.policy_row \
                     WHERE a.certificate_row = $1 AND p.name > $2 ORDER BY p.name LIMIT $3",
                    args![certificates::require(sql, id)?.row, &after, size + 1],
                    |row| row.value(),
                ),
                PolicyTarget::ThingGroup(name) => {
                    let depth = if recursive { limits::GROUP_DEPTH } else { 1 };
                    sql.all(
                        "WITH RECURSIVE line (group_row, depth) AS (SELECT row_id, 1 FROM thing_groups \
                         WHERE row_id = $1 UNION ALL SELECT g.parent_row, line.depth + 1 FROM line \
                         JOIN thing_groups g ON g.row_id = line.group_row \
                         WHERE g.parent_row IS NOT NULL AND line.depth < $2) \
                         SELECT DISTINCT p.name FROM line \
                         JOIN group_policies a ON a.group_row = line.group_row \
                         JOIN policies p ON p.row_id = a.policy_row \
                         WHERE p.name > $3 ORDER BY p.name LIMIT $4",
                        args![thing_groups::require(sql, name)?, depth, &after, size + 1],
                        |row| row.value(),
                    )
                }
            })
            .await?;
        Ok(Page::cut(items, size, PolicyName::clone))
    }

    /// Names of the policies attached to a certificate itself, by name.
    pub async fn policies_for_certificate(
        &self,
        certificate: CertificateRow,
    ) -> Result<Vec<PolicyName>, StoreError> {
        self.read(|sql| {
            sql.all(
                "SELECT p.name FROM certificate_policies a JOIN policies p \
                 ON p.row_id = a.policy_row WHERE a.certificate_row = $1 ORDER BY p.name",
                args![certificate],
                |row| row.value(),
            )
        })
        .await
    }
}

/// Attaches a policy to a certificate; answers whether it was not attached before.
pub(crate) fn attach_to_certificate(
    sql: &Sql<'_>,
    policy: PolicyRow,
    certificate: CertificateRow,
) -> Result<bool, StoreError> {
    let added = sql.execute(
        "INSERT INTO certificate_policies (certificate_row, policy_row) VALUES ($1, $2) \
         ON CONFLICT DO NOTHING",
        args![certificate, policy],
    )?;
    let count = sql.count(
        "SELECT count(*) FROM certificate_policies WHERE certificate_row = $1",
        args![certificate],
    )?;
    if added > 0 && count > limits::POLICIES_PER_CERTIFICATE {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            format!(
                "A certificate may have at most {} policies; detach one first.",
                limits::POLICIES_PER_CERTIFICATE
            ),
        ));
    }
    Ok(added > 0)
}

fn attach_to_group(
    sql: &Sql<'_>,
    policy: PolicyRow,
    name: &ThingGroupName,
) -> Result<(), StoreError> {
    let group = thing_groups::require_static(sql, name, "it cannot have policies")?;
    let added = sql.execute(
        "INSERT INTO group_policies (group_row, policy_row) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        args![group, policy],
    )?;
    let count =
        sql.count("SELECT count(*) FROM group_policies WHERE group_row = $1", args![group])?;
    if added > 0 && count > limits::POLICIES_PER_GROUP {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            format!(
                "Thing group {name} may have at most {} policies; detach one first.",
                limits::POLICIES_PER_GROUP
            ),
        ));
    }
    if added > 0 {
        sql.changed(Change::ThingGroup(group));
    }
    Ok(())
}
