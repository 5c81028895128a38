//! Row numbers: short keys of rows, never used twice, fit as cache keys within one registry.

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(pub i64);

            impl crate::sql::values::Column for $name {
                fn read(cell: crate::sql::values::Cell<'_>) -> Option<Self> {
                    i64::read(cell).map(Self)
                }
            }

            impl From<$name> for crate::sql::values::Param<'_> {
                fn from(row: $name) -> Self {
                    Self::Int(row.0)
                }
            }
        )*
    };
}

rows! {
    /// A registered certificate.
    CertificateRow;
    /// A policy.
    PolicyRow;
    /// A thing.
    ThingRow;
    /// A thing group.
    GroupRow;
    /// A registered CA certificate.
    CaRow;
    /// A Lambda function.
    FunctionRow;
    /// A version of a Lambda function.
    FunctionVersionRow;
}
