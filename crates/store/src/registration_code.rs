//! The registration code: one, until it is deleted.

use fleetwright_core::ca_certificate::RegistrationCode;
use fleetwright_core::error::ErrorCode;

use crate::sql::{Sql, args};
use crate::{Store, StoreError};

impl Store {
    /// The code, if somebody asked for one.
    pub async fn registration_code(&self) -> Result<Option<RegistrationCode>, StoreError> {
        self.read(code).await
    }

    /// `GetRegistrationCode`: the code that there is, else `fresh` from now on.
    pub async fn registration_code_or(
        &self,
        fresh: RegistrationCode,
    ) -> Result<RegistrationCode, StoreError> {
        self.write(move |sql| {
            sql.execute(
                "INSERT INTO registration_codes (row_id, code) VALUES (1, $1) \
                 ON CONFLICT (row_id) DO NOTHING",
                args![fresh.as_str()],
            )?;
            Ok(code(sql)?.unwrap_or(fresh))
        })
        .await
    }

    /// `DeleteRegistrationCode`; `ResourceNotFound` when there is none.
    pub async fn delete_registration_code(&self) -> Result<(), StoreError> {
        self.write(|sql| {
            if sql.execute("DELETE FROM registration_codes", args![])? > 0 {
                return Ok(());
            }
            Err(StoreError::refused(
                ErrorCode::ResourceNotFound,
                "There is no registration code; GetRegistrationCode makes one.",
            ))
        })
        .await
    }
}

fn code(sql: &Sql<'_>) -> Result<Option<RegistrationCode>, StoreError> {
    sql.one("SELECT code FROM registration_codes WHERE row_id = 1", args![], |row| {
        row.value().map(RegistrationCode::from_kept)
    })
}
