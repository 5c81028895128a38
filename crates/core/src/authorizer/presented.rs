//! What a client presents to an authorizer: parameters of its MQTT user name, or of an HTTP query.
//! AWS: guide, "Connecting to AWS IoT Core by using custom authentication".

use std::borrow::Cow;

/// The authorizer that is to be asked.
pub const AUTHORIZER_NAME: &str = "x-amz-customauthorizer-name";
/// The signature of the token, in Base64.
pub const TOKEN_SIGNATURE: &str = "x-amz-customauthorizer-signature";
/// Parameters that are looked at, at most. (ours)
const PARAMETERS: usize = 64;

/// Parameters in the order of sending, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those of a user name: everything behind its first `?`.
    pub fn of_user_name(name: &str) -> Self {
        name.split_once('?').map(|(_, query)| Self::of_query(query)).unwrap_or_default()
    }

    /// Those of a query. A plus sign stands for itself: signatures in Base64 come without encoding.
    pub fn of_query(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).take(PARAMETERS);
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self(pairs.map(|(name, value)| (decoded(name), decoded(value))).collect())
    }

    /// Headers of a request, whose names have no case.
    pub fn of_headers<'h>(headers: impl Iterator<Item = (&'h str, &'h str)>) -> Self {
        let named = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        Self(named.collect())
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// Whether an authorizer or a token's signature is among them.
    pub fn are_of_an_authorizer(&self) -> bool {
        self.header(AUTHORIZER_NAME).is_some() || self.header(TOKEN_SIGNATURE).is_some()
    }
}

/// Without its percent encoding; as it is where it has none that is UTF-8.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let octet = match after {
            [high, low, ..] if *first == b'%' => nibble(*high).zip(nibble(*low)),
            _ => None,
        };
        match octet {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map_or_else(|_| Cow::from(text), Cow::from).into_owned()
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_has_its_parameters_behind_the_first_question_mark() {
        let name = "me?x-amz-customauthorizer-name=a&tok=t%2Fu&x-amz-customauthorizer-signature=\
                    a+b/c%3D&SDK=PythonV2&Version=1.31.0";
        let found = Parameters::of_user_name(name);
        assert_eq!(found.get(AUTHORIZER_NAME), Some("a"));
        assert_eq!(found.get("tok"), Some("t/u"));
        assert_eq!(found.get(TOKEN_SIGNATURE), Some("a+b/c="));
        assert_eq!(found.get("SDK"), Some("PythonV2"));
        assert_eq!(found.get("tokens"), None);
        assert!(found.are_of_an_authorizer());
    }

    #[test]
    fn what_is_no_parameter_is_none() {
        for name in ["", "me", "?", "me?", "me?&&"] {
            assert_eq!(Parameters::of_user_name(name), Parameters::default(), "{name}");
        }
        let second = Parameters::of_user_name("me?a=b?SDK=Java");
        assert_eq!(second.get("a"), Some("b?SDK=Java"));
        let odd = Parameters::of_query("a=%&b=%4&c=%zz&d=%ff&e&=f&a=second");
        assert_eq!(odd.get("a"), Some("%"));
        assert_eq!((odd.get("b"), odd.get("c")), (Some("%4"), Some("%zz")));
        assert_eq!((odd.get("d"), odd.get("e")), (Some("%ff"), Some("")));
        let many = "x=1&".repeat(100);
        assert_eq!(Parameters::of_query(&many).0.len(), PARAMETERS);
    }
}
