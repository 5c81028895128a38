//! Numbers of connections, reserved many at a time before they are given out: what is reserved
//! once is never reserved again, whatever becomes of the process and its clock.

use crate::sql::args;
use crate::{Store, StoreError};

/// Numbers are below this, so that every reader of JSON has them exact (RFC 8259, section 6).
const LIMIT: i64 = 1 << 53;

impl Store {
    /// Reserves `count` numbers for connections, durably when this returns, and gives the first of
    /// them: `least` or more, and more than all that were reserved before.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when no numbers below 2^53 are left, which no use comes to.
    pub async fn reserve_connection_numbers(
        &self,
        count: u32,
        least: u64,
    ) -> Result<u64, StoreError> {
        let count = i64::from(count);
        // A clock of the far future does not use up the numbers.
        let least = i64::try_from(least).unwrap_or(LIMIT).min(LIMIT / 2);
        self.write(move |sql| {
            sql.execute(
                "INSERT INTO connection_numbers (row_id, next) VALUES (1, $1 + $2) \
                 ON CONFLICT (row_id) DO UPDATE SET next = MAX(next, $1) + $2",
                args![least, count],
            )?;
            let read = "SELECT next FROM connection_numbers WHERE row_id = 1";
            let next: Option<i64> = sql.one(read, args![], |row| row.value())?;
            next.filter(|next| (count..=LIMIT).contains(next))
                .and_then(|next| u64::try_from(next - count).ok())
                .ok_or_else(|| StoreError::Corrupt("connection_numbers is out of range".to_owned()))
        })
        .await
    }
}
