//! How our values are bound to statements and read from rows.

use std::collections::BTreeMap;

use fleetwright_core::ca_certificate::CaCertificateStatus;
use fleetwright_core::certificate::{CertificateId, CertificateMode, CertificateStatus, TbsDigest};
use fleetwright_core::names;
use fleetwright_core::time::Timestamp;
use fleetwright_core::uuid::Uuid;

/// A value bound to a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Param<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// A value read from a row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// What a column can hold; `None` when the cell holds something else.
pub(crate) trait Column: Sized {
    fn read(cell: Cell<'_>) -> Option<Self>;
}

impl From<i64> for Param<'_> {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}
impl From<usize> for Param<'_> {
    fn from(int: usize) -> Self {
        Self::Int(i64::try_from(int).unwrap_or(i64::MAX))
    }
}
impl From<u32> for Param<'_> {
    fn from(int: u32) -> Self {
        Self::Int(int.into())
    }
}
impl From<bool> for Param<'_> {
    fn from(flag: bool) -> Self {
        Self::Int(flag.into())
    }
}
impl From<Timestamp> for Param<'_> {
    fn from(instant: Timestamp) -> Self {
        Self::Int(instant.0)
    }
}
impl<'a> From<&'a str> for Param<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}
impl<'a> From<&'a String> for Param<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}
impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Blob(bytes)
    }
}
impl<'a> From<&'a Vec<u8>> for Param<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Blob(bytes)
    }
}
impl<'a> From<&'a [u8; 32]> for Param<'a> {
    fn from(bytes: &'a [u8; 32]) -> Self {
        Self::Blob(bytes)
    }
}
impl<'a> From<&'a CertificateId> for Param<'a> {
    fn from(id: &'a CertificateId) -> Self {
        Self::Blob(&id.0)
    }
}
impl<'a> From<&'a TbsDigest> for Param<'a> {
    fn from(digest: &'a TbsDigest) -> Self {
        Self::Blob(&digest.0)
    }
}
impl<'a> From<&'a Uuid> for Param<'a> {
    fn from(id: &'a Uuid) -> Self {
        Self::Blob(&id.0)
    }
}
impl From<CertificateStatus> for Param<'_> {
    fn from(status: CertificateStatus) -> Self {
        Self::Text(status.as_str())
    }
}
impl From<CertificateMode> for Param<'_> {
    fn from(mode: CertificateMode) -> Self {
        Self::Text(mode.as_str())
    }
}
impl From<CaCertificateStatus> for Param<'_> {
    fn from(status: CaCertificateStatus) -> Self {
        Self::Text(status.as_str())
    }
}
impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Column for i64 {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Int(int) => Some(int),
            _ => None,
        }
    }
}
impl Column for u32 {
    fn read(cell: Cell<'_>) -> Option<Self> {
        i64::read(cell).and_then(|int| int.try_into().ok())
    }
}
impl Column for bool {
    fn read(cell: Cell<'_>) -> Option<Self> {
        i64::read(cell).map(|int| int != 0)
    }
}
impl Column for Timestamp {
    fn read(cell: Cell<'_>) -> Option<Self> {
        i64::read(cell).map(Self)
    }
}
impl Column for String {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Some(text.to_owned()),
            _ => None,
        }
    }
}
impl Column for Vec<u8> {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Blob(blob) => Some(blob.to_vec()),
            _ => None,
        }
    }
}
impl<const N: usize> Column for [u8; N] {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Blob(blob) => blob.try_into().ok(),
            _ => None,
        }
    }
}
impl Column for CertificateId {
    fn read(cell: Cell<'_>) -> Option<Self> {
        <[u8; 32]>::read(cell).map(Self)
    }
}
impl Column for Uuid {
    fn read(cell: Cell<'_>) -> Option<Self> {
        <[u8; 16]>::read(cell).map(Self)
    }
}
impl Column for CertificateStatus {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Self::parse(text),
            _ => None,
        }
    }
}
impl Column for CertificateMode {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Self::parse(text),
            _ => None,
        }
    }
}
impl Column for CaCertificateStatus {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Self::parse(text),
            _ => None,
        }
    }
}
macro_rules! json_columns {
    ($($kind:ty),*) => {
        $(
            /// Kept as JSON text.
            impl Column for $kind {
                fn read(cell: Cell<'_>) -> Option<Self> {
                    match cell {
                        Cell::Text(text) => serde_json::from_str(text).ok(),
                        _ => None,
                    }
                }
            }
        )*
    };
}

json_columns! {
    BTreeMap<names::AttributeName, String>, BTreeMap<String, String>, Vec<names::AttributeName>, fleetwright_core::job::JobSettings,
    Vec<fleetwright_core::propagation::PropagatingAttribute>, Vec<String>
}

impl<T: Column> Column for Option<T> {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => T::read(cell).map(Some),
        }
    }
}

macro_rules! name_columns {
    ($($name:ident)*) => {
        $(
            impl Column for names::$name {
                fn read(cell: Cell<'_>) -> Option<Self> {
                    match cell {
                        Cell::Text(text) => Self::parse(text).ok(),
                        _ => None,
                    }
                }
            }
            impl<'a> From<&'a names::$name> for Param<'a> {
                fn from(name: &'a names::$name) -> Self {
                    Self::Text(name.as_str())
                }
            }
        )*
    };
}

name_columns! {
    ThingName ThingTypeName ThingGroupName BillingGroupName TemplateName PolicyName AccountId
    UserName RoleName GroupName IamPath
    RoleAliasName AuthorizerName CertificateProviderName DomainConfigurationName
    FunctionName StatementId JobId JobTemplateId
}
