//! The policies in force for a connection, and the thing that it is bound to.

use fleetwright_core::limits;
use fleetwright_core::names::{PolicyName, ThingGroupName, ThingName};
use fleetwright_core::policy::BoundThing;
use fleetwright_core::propagation::PropagatingAttribute;

use crate::sql::{Row, Sql, args};
use crate::{CertificateRow, PolicyRow, Store, StoreError, ThingRow, thing_groups, things};

/// What authorization needs to know of a connection.
#[derive(Debug, Clone, Default)]
pub struct EffectivePolicies {
    /// Default versions of the policies of the certificate, and of the groups of the bound thing
    /// and their ancestors; each once.
    pub policies: Vec<EffectivePolicy>,
    /// The thing that the connection is bound to.
    pub thing: Option<BoundThing>,
    /// Whether the certificate is attached to the thing that the client id names (or to a thing
    /// exclusively).
    pub is_attached: bool,
    /// Whether the certificate is attached to that thing exclusively.
    pub is_exclusive: bool,
    /// What travels with the messages of the bound thing's type.
    pub propagating: Vec<PropagatingAttribute>,
}

/// A policy in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectivePolicy {
    /// Its row.
    pub row: PolicyRow,
    /// Its default version.
    pub version: u32,
    /// Its name.
    pub name: PolicyName,
}

impl Store {
    /// The policies in force for a certificate that connects as `client_id`.
    ///
    /// AWS: the thing is that of an exclusive attachment, or the one named like the client id if
    /// the certificate is attached to it, or none.
    pub async fn effective_policies(
        &self,
        certificate: CertificateRow,
        client_id: &str,
    ) -> Result<EffectivePolicies, StoreError> {
        self.snapshot(|sql| {
            let bound = bound_thing(sql, certificate, client_id)?;
            let Some(Bound { row, thing, is_exclusive, propagating }) = bound else {
                let policies = own_policies(sql, certificate)?;
                return Ok(EffectivePolicies { policies, ..EffectivePolicies::default() });
            };
            let policies = all_policies(sql, certificate, row)?;
            Ok(EffectivePolicies {
                policies,
                thing: Some(thing),
                is_attached: true,
                is_exclusive,
                propagating,
            })
        })
        .await
    }

    /// The policies of a group and its ancestors, each once; `ResourceNotFound` without the group.
    pub async fn policies_of_group(
        &self,
        group: &ThingGroupName,
    ) -> Result<Vec<EffectivePolicy>, StoreError> {
        self.snapshot(|sql| {
            sql.all(
                "WITH RECURSIVE line (group_row, depth) AS (SELECT row_id, 1 FROM thing_groups \
                 WHERE row_id = $1 UNION ALL SELECT g.parent_row, line.depth + 1 FROM line \
                 JOIN thing_groups g ON g.row_id = line.group_row \
                 WHERE g.parent_row IS NOT NULL AND line.depth < $2) \
                 SELECT DISTINCT p.row_id, p.default_version, p.name FROM line \
                 JOIN group_policies a ON a.group_row = line.group_row \
                 JOIN policies p ON p.row_id = a.policy_row",
                args![thing_groups::require(sql, group)?, limits::GROUP_DEPTH],
                read_policy,
            )
        })
        .await
    }

    /// The policies of a thing's groups and their ancestors, each once; `ResourceNotFound` without
    /// the thing.
    pub async fn policies_of_thing(
        &self,
        thing: &ThingName,
    ) -> Result<Vec<EffectivePolicy>, StoreError> {
        // No certificate has the row 0.
        self.snapshot(|sql| all_policies(sql, CertificateRow(0), things::require(sql, thing)?.row))
            .await
    }
}

/// The thing of a connection, and what its type adds to messages.
struct Bound {
    row: ThingRow,
    thing: BoundThing,
    is_exclusive: bool,
    propagating: Vec<PropagatingAttribute>,
}

/// An exclusive attachment is a certificate's only one, so the first tells.
fn bound_thing(
    sql: &Sql<'_>,
    certificate: CertificateRow,
    client_id: &str,
) -> Result<Option<Bound>, StoreError> {
    sql.one(
        "SELECT t.row_id, t.name, y.name AS type_name, t.attributes, y.propagating, \
         EXISTS (SELECT 1 FROM thing_principals e WHERE e.certificate_row = $1 \
         AND e.thing_row = t.row_id AND e.exclusive = 1) AS is_exclusive FROM things t \
         LEFT JOIN thing_types y ON y.row_id = t.type_row WHERE t.row_id = COALESCE(\
         (SELECT f.thing_row FROM (SELECT thing_row, exclusive FROM thing_principals \
         WHERE certificate_row = $1 ORDER BY thing_row LIMIT 1) f WHERE f.exclusive = 1), \
         (SELECT n.row_id FROM things n JOIN thing_principals p \
         ON p.certificate_row = $1 AND p.thing_row = n.row_id WHERE n.name = $2))",
        args![certificate, client_id],
        |row| {
            let thing = BoundThing {
                name: row.get("name")?,
                type_name: row.get("type_name")?,
                attributes: row.get("attributes")?,
            };
            let propagating = row.get::<Option<_>>("propagating")?.unwrap_or_default();
            Ok(Bound {
                row: row.get("row_id")?,
                thing,
                is_exclusive: row.get("is_exclusive")?,
                propagating,
            })
        },
    )
}

fn own_policies(
    sql: &Sql<'_>,
    certificate: CertificateRow,
) -> Result<Vec<EffectivePolicy>, StoreError> {
    sql.all(
        "SELECT p.row_id, p.default_version, p.name FROM certificate_policies a \
         JOIN policies p ON p.row_id = a.policy_row WHERE a.certificate_row = $1",
        args![certificate],
        read_policy,
    )
}

fn all_policies(
    sql: &Sql<'_>,
    certificate: CertificateRow,
    thing: ThingRow,
) -> Result<Vec<EffectivePolicy>, StoreError> {
    sql.all(
        "WITH RECURSIVE line (group_row, depth) AS (SELECT group_row, 1 FROM thing_group_members \
         WHERE thing_row = $1 UNION ALL SELECT g.parent_row, line.depth + 1 FROM line \
         JOIN thing_groups g ON g.row_id = line.group_row \
         WHERE g.parent_row IS NOT NULL AND line.depth < $2) \
         SELECT p.row_id, p.default_version, p.name FROM certificate_policies a \
         JOIN policies p ON p.row_id = a.policy_row WHERE a.certificate_row = $3 \
         UNION SELECT p.row_id, p.default_version, p.name FROM line \
         JOIN group_policies a ON a.group_row = line.group_row \
         JOIN policies p ON p.row_id = a.policy_row",
        args![thing, limits::GROUP_DEPTH, certificate],
        read_policy,
    )
}

fn read_policy(row: &Row<'_>) -> Result<EffectivePolicy, StoreError> {
    Ok(EffectivePolicy {
        row: row.get("row_id")?,
        version: row.get("default_version")?,
        name: row.get("name")?,
    })
}
