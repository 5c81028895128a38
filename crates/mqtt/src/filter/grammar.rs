//! The grammar of topics and filters, and the matching of one with the other.

use std::fmt;

use crate::limits::Limits;

/// Why a topic is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicError {
    /// It is empty [MQTT-4.7.3-1].
    Empty,
    /// It holds `+` or `#` [MQTT-3.3.2-2].
    Wildcard,
    /// It holds U+0000 [MQTT-4.7.3-2].
    Null,
    /// It is longer than [`Limits::topic_bytes`].
    TooLong,
    /// It has more slashes than [`Limits::topic_slashes`].
    TooManySlashes,
    /// It holds a character that [`is_disallowed`].
    Disallowed,
}

/// Why a filter is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterError {
    /// It is empty [MQTT-4.7.3-1].
    Empty,
    /// `#` is not a level of its own, or not the last one [MQTT-4.7.1-2].
    MultiLevelWildcard,
    /// `+` is not a level of its own [MQTT-4.7.1-3].
    SingleLevelWildcard,
    /// It holds U+0000 [MQTT-4.7.3-2].
    Null,
    /// `$share/` without a share name [MQTT5-4.8.2-1].
    Share,
    /// A wildcard in a share name, or no filter after it [MQTT5-4.8.2-2].
    ShareName,
    /// The share name is longer than [`Limits::share_name_chars`].
    ShareNameTooLong,
    /// It is longer than [`Limits::topic_bytes`].
    TooLong,
    /// It has more slashes than [`Limits::topic_slashes`].
    TooManySlashes,
    /// It holds a character that [`is_disallowed`].
    Disallowed,
}

/// Whether the standard advises against a character in any text, other than U+0000, which it forbids:
/// control characters and non-characters (MQTT 3.1.1, 1.5.3; MQTT 5, 1.5.4 and 5.4.9).
pub fn is_disallowed(c: char) -> bool {
    let code = u32::from(c);
    matches!(code, 0x01..=0x1f | 0x7f..=0x9f | 0xfdd0..=0xfdef) || code & 0xfffe == 0xfffe
}

impl TopicError {
    /// Whether a limit of ours is broken, not the standard.
    pub fn is_limit(self) -> bool {
        matches!(self, Self::TooLong | Self::TooManySlashes | Self::Disallowed)
    }
}

impl FilterError {
    /// Whether a limit of ours is broken, not the standard.
    pub fn is_limit(self) -> bool {
        matches!(
            self,
            Self::TooLong | Self::TooManySlashes | Self::ShareNameTooLong | Self::Disallowed
        )
    }
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a topic has at least one character",
            Self::Wildcard => "a topic to publish to holds no '+' and no '#'",
            Self::Null => "a topic holds no U+0000",
            Self::TooLong => "the topic is longer than the limit",
            Self::TooManySlashes => "the topic has more slashes than the limit",
            Self::Disallowed => "the topic holds a control or non-character",
        })
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "a filter has at least one character",
            Self::MultiLevelWildcard => "'#' stands alone in the last level of a filter",
            Self::SingleLevelWildcard => "'+' stands alone in its level of a filter",
            Self::Null => "a filter holds no U+0000",
            Self::Share => "a shared filter reads $share/{name}/{filter}; the name is missing",
            Self::ShareName => "a shared filter reads $share/{name}/{filter}, no wildcard in name",
            Self::ShareNameTooLong => "the share name is longer than the limit",
            Self::TooLong => "the filter is longer than the limit",
            Self::TooManySlashes => "the filter has more slashes than the limit",
            Self::Disallowed => "the filter holds a control or non-character",
        })
    }
}

impl std::error::Error for TopicError {}
impl std::error::Error for FilterError {}

/// Checks a topic to publish to: the standard's rules, then the limits.
///
/// `$aws/` topics are exempt from the limit of slashes (some of AWS's own exceed it), and
/// `$aws/rules/{rule}/` does not count to the length.
pub fn validate_topic(topic: &str, limits: &Limits) -> Result<(), TopicError> {
    if topic.is_empty() {
        return Err(TopicError::Empty);
    }
    for byte in topic.bytes() {
        match byte {
            b'+' | b'#' => return Err(TopicError::Wildcard),
            0 => return Err(TopicError::Null),
            _ => {}
        }
    }
    if topic.chars().any(is_disallowed) {
        return Err(TopicError::Disallowed);
    }
    if counted(topic).len() > limits.topic_bytes {
        return Err(TopicError::TooLong);
    }
    if too_many_slashes(topic, limits) {
        return Err(TopicError::TooManySlashes);
    }
    Ok(())
}

/// Checks a filter, shared or not: the standard's rules, then the limits.
pub fn validate_filter(filter: &str, limits: &Limits) -> Result<(), FilterError> {
    if filter.is_empty() {
        return Err(FilterError::Empty);
    }
    if filter.bytes().any(|byte| byte == 0) {
        return Err(FilterError::Null);
    }
    let inner = match split_share(filter) {
        None if filter == "$share" || filter == "$share/" || filter.starts_with("$share//") => {
            return Err(FilterError::Share);
        }
        None if filter.starts_with("$share/") => return Err(FilterError::ShareName),
        None => filter,
        Some((name, inner)) => {
            if name.chars().count() > limits.share_name_chars {
                return Err(FilterError::ShareNameTooLong);
            }
            inner
        }
    };
    validate_levels(inner)?;
    if filter.chars().any(is_disallowed) {
        return Err(FilterError::Disallowed);
    }
    if counted(inner).len() > limits.topic_bytes {
        return Err(FilterError::TooLong);
    }
    if too_many_slashes(inner, limits) {
        return Err(FilterError::TooManySlashes);
    }
    Ok(())
}

fn validate_levels(filter: &str) -> Result<(), FilterError> {
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        if level.contains('#') && (level != "#" || levels.peek().is_some()) {
            return Err(FilterError::MultiLevelWildcard);
        }
        if level.contains('+') && level != "+" {
            return Err(FilterError::SingleLevelWildcard);
        }
    }
    Ok(())
}

/// Splits `$share/{name}/{filter}`; `None` for a filter that is not shared, or not well formed.
pub fn split_share(filter: &str) -> Option<(&str, &str)> {
    let (name, inner) = filter.strip_prefix("$share/")?.split_once('/')?;
    let named = !name.is_empty() && !name.contains(['+', '#']);
    (named && !inner.is_empty()).then_some((name, inner))
}

/// The part of a topic that counts to its length.
fn counted(topic: &str) -> &str {
    topic
        .strip_prefix("$aws/rules/")
        .and_then(|rest| rest.split_once('/'))
        .map_or(topic, |(_, rest)| rest)
}

fn too_many_slashes(topic: &str, limits: &Limits) -> bool {
    let topic = if topic.starts_with("$aws/rules/") {
        counted(topic)
    } else if topic.starts_with("$aws/") {
        return false;
    } else {
        topic
    };
    topic.bytes().filter(|byte| *byte == b'/').count() > limits.topic_slashes
}

/// Whether `topic` is one that `filter` (well formed, without `$share/{name}/`) asks for.
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        match (wanted, levels.next()) {
            // AWS: `sensor/#` asks for what is below `sensor`, not for `sensor` itself.
            ("#", found) => return found.is_some(),
            (_, None) => return false,
            ("+", Some(_)) => {}
            (wanted, Some(found)) if wanted == found => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}
