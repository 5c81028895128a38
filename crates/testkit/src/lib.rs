//! Simulated devices, load and floors to compare with, tests of the house. Never shipped.

pub mod device;
