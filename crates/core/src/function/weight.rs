//! The share of an alias's invocations that go to its second version.

use std::fmt;

const WHOLE: u32 = 1_000_000;

/// A share of invocations, from 0 to 1 in millionths. AWS: shape `Weight`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weight(u32);

/// A number is no share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InvalidWeight(f64);

impl Weight {
    /// Reads a share; digits beyond the sixth are rounded.
    ///
    /// # Errors
    /// For a number that is not from 0 to 1.
    pub fn from_fraction(fraction: f64) -> Result<Self, InvalidWeight> {
        if !(0.0..=1.0).contains(&fraction) {
            return Err(InvalidWeight(fraction));
        }
        // From 0 to a million, so nothing is cut off.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Ok(Self((fraction * f64::from(WHOLE)).round() as u32))
    }

    /// Reads what [`Weight::millionths`] gave; `None` for more than the whole.
    pub fn from_millionths(millionths: u32) -> Option<Self> {
        (millionths <= WHOLE).then_some(Self(millionths))
    }

    /// The share in millionths.
    pub fn millionths(self) -> u32 {
        self.0
    }

    /// The share as a fraction.
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / f64::from(WHOLE)
    }

    /// Whether an invocation goes to the second version, given a number drawn evenly.
    pub fn takes(self, drawn: u32) -> bool {
        u64::from(drawn) * u64::from(WHOLE) < u64::from(self.0) << 32
    }
}

impl fmt::Display for InvalidWeight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the weight {} is not valid: it must be from 0.0 to 1.0", self.0)
    }
}

impl std::error::Error for InvalidWeight {}
