//! What AWS IoT logs of devices: levels and what they are for (AWS: guide, "Configure AWS IoT
//! logging").

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens.
    Info,
    /// What might be wrong.
    Warn,
    /// What failed.
    Error,
    /// Nothing.
    Disabled,
}

impl LogLevel {
    /// Every level, from the most to the least.
    pub const ALL: [Self; 5] = [Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Disabled];

    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Disabled => "DISABLED",
        }
    }

    /// The level of AWS's word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }
}

/// Kinds of single targets. AWS: shape `LogTargetType`, whose `DEFAULT` is none.
pub const TARGET_TYPES: [&str; 4] = ["THING_GROUP", "CLIENT_ID", "SOURCE_IP", "PRINCIPAL_ID"];
/// Single targets with levels of their own, at most (ours).
pub const TARGETS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_its_word() {
        for level in LogLevel::ALL {
            assert_eq!(LogLevel::parse(level.as_str()), Some(level));
        }
        assert_eq!(LogLevel::parse("info"), None);
    }
}
