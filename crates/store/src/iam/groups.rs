//! Users in groups.

use fleetwright_core::limits;

use super::identities::{Identity, read, row};
use super::{missing, quota};
use crate::sql::args;
use crate::{Change, Store, StoreError};

impl Store {
    /// `AddUserToGroup`; twice is harmless.
    pub async fn add_user_to_group(
        &self,
        group: Identity,
        user: Identity,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let (group_row, user_row) = (row(sql, &group)?, row(sql, &user)?);
            sql.execute(
                "INSERT INTO group_members (group_row, user_row) VALUES ($1, $2) \
                 ON CONFLICT (group_row, user_row) DO NOTHING",
                args![group_row, user_row],
            )?;
            let count = sql
                .count("SELECT count(*) FROM group_members WHERE user_row = $1", args![user_row])?;
            if count > limits::IAM_GROUPS_PER_USER {
                return Err(quota("GroupsPerUser", limits::IAM_GROUPS_PER_USER));
            }
            sql.changed(Change::Identities);
            Ok(())
        })
        .await
    }

    /// `RemoveUserFromGroup`; `ResourceNotFound` when it is not in there.
    pub async fn remove_user_from_group(
        &self,
        group: Identity,
        user: Identity,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let (group_row, user_row) = (row(sql, &group)?, row(sql, &user)?);
            let gone = sql.execute(
                "DELETE FROM group_members WHERE group_row = $1 AND user_row = $2",
                args![group_row, user_row],
            )?;
            if gone == 0 {
                let (user, group) = (user.name, group.name);
                return Err(missing(format!("User {user} is not in group {group}.")));
            }
            sql.changed(Change::Identities);
            Ok(())
        })
        .await
    }

    /// The users of a group, by name; within the quota of users.
    pub async fn users_of_group(&self, group: &Identity) -> Result<Vec<Identity>, StoreError> {
        self.snapshot(|sql| {
            sql.all(
                "SELECT i.row_id, i.name, i.path, i.unique_id, i.created, i.kind FROM group_members m \
                 JOIN identities i ON i.row_id = m.user_row WHERE m.group_row = $1 \
                 ORDER BY i.folded",
                args![row(sql, group)?],
                read,
            )
        })
        .await
    }

    /// The groups of a user, by name.
    pub async fn groups_of_user(&self, user: &Identity) -> Result<Vec<Identity>, StoreError> {
        self.snapshot(|sql| {
            sql.all(
                "SELECT i.row_id, i.name, i.path, i.unique_id, i.created, i.kind FROM group_members m \
                 JOIN identities i ON i.row_id = m.group_row WHERE m.user_row = $1 \
                 ORDER BY i.folded",
                args![row(sql, user)?],
                read,
            )
        })
        .await
    }
}
