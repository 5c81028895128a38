//! Families of cases are files under `cases/template`; one `check` reads them all.

mod cases;
mod properties;
mod vectors;
