//! What is counted over the documents that fit a query. Memory is bounded: beyond the bounds
//! percentiles and cardinality are estimates, as AWS's always are.

use std::collections::{BTreeSet, HashMap};

use super::configuration::{CustomField, FieldType};
use super::document::{Document, Value};
use super::text::number;
use crate::error::{ErrorCode, Refusal};
use crate::limits;

/// Hands `take` each value of a field that is of the field's type; others are ignored, as on AWS.
pub fn cell(document: &impl Document, field: &CustomField, take: &mut dyn FnMut(Value<'_>)) {
    if matches!(field.name.as_str(), "registry.version" | "version") {
        return take(Value::Number(document.version() as f64));
    }
    document.any(&field.name, &mut |value| {
        match (field.kind, value) {
            (FieldType::String, Value::Text(_))
            | (FieldType::Number, Value::Number(_))
            | (FieldType::Boolean, Value::Flag(_)) => take(value),
            (FieldType::Number, Value::Text(text)) => {
                if let Some(number) = number(text) {
                    take(Value::Number(number));
                }
            }
            (FieldType::Boolean, Value::Text(text)) => {
                let flag = text.to_ascii_lowercase().parse();
                if let Ok(flag) = flag {
                    take(Value::Flag(flag));
                }
            }
            _ => {}
        }
        false
    });
}

/// `GetStatistics`
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    /// Documents with a value.
    pub count: u64,
    /// Over the values; `None` for texts, and before the first value.
    pub numbers: Option<Number>,
}

/// Sums of numbers; truth values count as 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the fields are what they are called")]
pub struct Number {
    pub sum: f64,
    pub sum_of_squares: f64,
    pub minimum: f64,
    pub maximum: f64,
}

impl Statistics {
    /// Counts a document's value.
    pub fn add(&mut self, value: Value<'_>) {
        self.count += 1;
        let Some(number) = as_number(value) else { return };
        let so_far = self.numbers.get_or_insert(Number {
            sum: 0.0,
            sum_of_squares: 0.0,
            minimum: number,
            maximum: number,
        });
        so_far.sum += number;
        so_far.sum_of_squares += number * number;
        so_far.minimum = so_far.minimum.min(number);
        so_far.maximum = so_far.maximum.max(number);
    }

    /// Average and variance of the population.
    pub fn average_and_variance(&self) -> Option<(f64, f64)> {
        let numbers = self.numbers?;
        let count = self.count as f64;
        let average = numbers.sum / count;
        Some((average, (numbers.sum_of_squares / count - average * average).max(0.0)))
    }
}

fn as_number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number),
        Value::Flag(flag) => Some(f64::from(u8::from(flag))),
        Value::Text(_) => None,
    }
}

/// `GetPercentiles`: exact up to `limits::PERCENTILE_VALUES`, then of every second value, of
/// every fourth, and so on.
#[derive(Debug, Clone, Default)]
pub struct Percentiles {
    values: Vec<f64>,
    seen: usize,
    /// How many times the values were thinned.
    thinned: u32,
}

impl Percentiles {
    /// Takes a value.
    pub fn add(&mut self, value: f64) {
        if self.seen.trailing_zeros() >= self.thinned {
            self.values.push(value);
        }
        self.seen += 1;
        if self.values.len() >= limits::PERCENTILE_VALUES {
            let mut keep = false;
            self.values.retain(|_| {
                keep = !keep;
                keep
            });
            self.thinned += 1;
        }
    }

    /// The values below which so many percent lie, in the order asked; none without values.
    pub fn at(mut self, percents: &[f64]) -> Vec<(f64, f64)> {
        self.values.sort_by(f64::total_cmp);
        let Some(last) = self.values.len().checked_sub(1) else { return Vec::new() };
        let value = |index: usize| self.values.get(index).copied().unwrap_or_default();
        let of = |percent: f64| {
            let place = percent.clamp(0.0, 100.0) / 100.0 * last as f64;
            let below = place.floor();
            let (low, high) = (value(below as usize), value((below as usize + 1).min(last)));
            (percent, low + (high - low) * (place - below))
        };
        percents.iter().map(|percent| of(*percent)).collect()
    }
}

/// `GetCardinality`: exact up to `limits::CARDINALITY_VALUES`, then an estimate from the values
/// whose hashes end with ever more zeros.
#[derive(Debug, Clone, Default)]
pub struct Cardinality {
    hashes: BTreeSet<u64>,
    zeros: u32,
}

impl Cardinality {
    /// Takes a value.
    pub fn add(&mut self, value: Value<'_>) {
        let hash = match value {
            Value::Text(text) => hash(text.as_bytes()),
            Value::Number(number) => hash(&number.to_bits().to_be_bytes()),
            Value::Flag(flag) => hash(&[u8::from(flag)]),
        };
        if hash.trailing_zeros() >= self.zeros {
            self.hashes.insert(hash);
        }
        while self.hashes.len() > limits::CARDINALITY_VALUES {
            self.zeros += 1;
            self.hashes.retain(|hash| hash.trailing_zeros() >= self.zeros);
        }
    }

    /// How many different values were taken, about.
    pub fn estimate(&self) -> u64 {
        (self.hashes.len() as u64) << self.zeros.min(32)
    }
}

/// FNV-1a with the finalizer of MurmurHash3, so that the last bits are as good as any.
fn hash(bytes: &[u8]) -> u64 {
    let mixed = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 33)
}

/// `GetBucketsAggregation`: how often each value occurs.
#[derive(Debug, Clone, Default)]
pub struct Buckets(HashMap<String, u64>);

impl Buckets {
    /// Takes a value.
    ///
    /// # Errors
    /// More than `limits::BUCKET_VALUES` different ones.
    pub fn add(&mut self, value: Value<'_>) -> Result<(), Refusal> {
        let key = match value {
            Value::Text(text) => text.to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Flag(flag) => flag.to_string(),
        };
        *self.0.entry(key).or_default() += 1;
        if self.0.len() <= limits::BUCKET_VALUES {
            return Ok(());
        }
        Err(Refusal::new(
            ErrorCode::InvalidAggregation,
            format!(
                "The field has more than {} different values among what the query finds; narrow \
                 the query.",
                limits::BUCKET_VALUES
            ),
        ))
    }

    /// The most frequent values, at most `most`; equal ones by their text.
    pub fn ranked(self, most: usize) -> Vec<(String, u64)> {
        let mut buckets: Vec<(String, u64)> = self.0.into_iter().collect();
        buckets.sort_by(|(key, count), (other, others)| (others, key).cmp(&(count, other)));
        buckets.truncate(most);
        buckets
    }
}
