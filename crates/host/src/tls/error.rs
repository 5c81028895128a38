//! Why a TLS connection failed or ended: what happened, and the remedy, for the log.

use std::{fmt, io};

use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

use super::offer::Offer;
use super::presented::Presented;
use crate::clock;

/// A failed handshake; `Display` explains it.
#[derive(Debug)]
pub struct HandshakeError<'a> {
    /// What the handshake ended with.
    pub error: &'a io::Error,
    /// What the client offered, if it came that far.
    pub offer: Option<&'a Offer>,
    /// The certificate that the client presented, if it came that far.
    pub presented: Option<&'a Presented>,
    /// The ALPN protocols that are accepted.
    pub accepted: &'a str,
    /// Where the control plane listens, if that is elsewhere.
    pub api: Option<&'a str>,
}

/// The TLS error in an error of a stream.
pub(crate) fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

impl fmt::Display for HandshakeError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(error) = tls_error(self.error) else {
            return write!(f, "{}", ConnectionError(self.error));
        };
        match error {
            Error::NoApplicationProtocol => self.no_protocol(f),
            Error::PeerIncompatible(what) => self.incompatible(f, what),
            Error::NoCertificatesPresented => f.write_str(
                "the client presented no certificate; a device connects with its certificate and \
                 its private key, or with a claim's",
            ),
            Error::InvalidCertificate(why) => invalid(f, why, self.presented),
            Error::AlertReceived(alert) => refused_by_client(f, *alert),
            Error::InvalidMessage(_) => f.write_str("the client does not speak TLS"),
            other => write!(f, "{other}"),
        }
    }
}

impl HandshakeError<'_> {
    fn no_protocol(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accepted = self.accepted;
        let offered = self.offer.map_or_else(|| "others".into(), Offer::protocols);
        write!(f, "the client offers ALPN {offered}; accepted is {accepted}, or no ALPN at all")?;
        let protocols = self.offer.and_then(|offer| offer.alpn.as_deref()).unwrap_or_default();
        let offers = |name: &str| protocols.iter().any(|protocol| protocol == name);
        if offers("mqtt") {
            return f.write_str(
                ". ALPN mqtt asks for a custom authorizer, which this address is not for: mqtt-listen \
                 has those that are",
            );
        }
        let speaks_http = offers("x-amzn-http-ca") || offers("http/1.1") || offers("h2");
        match self.api {
            Some(api) if speaks_http => write!(f, ". It speaks HTTP: the API listens on {api}"),
            _ => Ok(()),
        }
    }

    fn incompatible(&self, f: &mut fmt::Formatter<'_>, what: &PeerIncompatible) -> fmt::Result {
        let missing = match what {
            PeerIncompatible::NoCipherSuitesInCommon => "no cipher suite in common",
            PeerIncompatible::NoKxGroupsInCommon => "no key exchange group (curve) in common",
            PeerIncompatible::NoSignatureSchemesInCommon => "no signature algorithm in common",
            PeerIncompatible::SignatureAlgorithmsExtensionRequired => {
                "the client names no signature algorithms, which means SHA-1"
            }
            PeerIncompatible::NamedGroupsExtensionRequired => "the client names no groups (curves)",
            PeerIncompatible::Tls12NotOffered | PeerIncompatible::Tls12NotOfferedOrEnabled => {
                "the client offers neither TLS 1.2 nor 1.3"
            }
            other => return write!(f, "the client is incompatible: {other:?}"),
        };
        f.write_str(missing)?;
        match self.offer {
            Some(offer) => write!(f, "; the client offers {offer}; docs/tls.md has what is taken"),
            None => Ok(()),
        }
    }
}

fn invalid(
    f: &mut fmt::Formatter<'_>,
    why: &CertificateError,
    presented: Option<&Presented>,
) -> fmt::Result {
    let clock = clock::now().utc();
    let validity = presented.and_then(|presented| presented.validity);
    match why {
        CertificateError::Expired => {
            f.write_str("the device's certificate is past its end (notAfter)")?;
            if let Some((_, not_after)) = validity {
                write!(f, " of {}", not_after.utc())?;
            }
            write!(f, "; this server's clock says {clock}")
        }
        CertificateError::NotValidYet => {
            f.write_str("the device's certificate is not valid yet (notBefore)")?;
            if let Some((not_before, _)) = validity {
                write!(f, ": from {}", not_before.utc())?;
            }
            write!(f, "; this server's clock says {clock}")
        }
        CertificateError::BadSignature => f.write_str(
            "the device does not hold the private key of the certificate that it presents",
        ),
        CertificateError::BadEncoding => {
            f.write_str("the device's certificate is no X.509 certificate")
        }
        other => write!(f, "the device's certificate cannot be used: {other}"),
    }?;
    presented.map_or(Ok(()), |presented| write!(f, "{presented}"))
}

fn refused_by_client(f: &mut fmt::Formatter<'_>, alert: AlertDescription) -> fmt::Result {
    match alert {
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::DecryptError => write!(
            f,
            "the client does not trust this server (alert {alert:?}): give it root-ca.pem of the \
             data directory (where a server-certificate has the name that it asks for, that one's \
             root), and connect to a name that the server's certificate has (--hostname)"
        ),
        AlertDescription::CertificateExpired => f.write_str(
            "the client says that the server's certificate is expired: its clock or the server's \
             is wrong",
        ),
        AlertDescription::UserCanceled => f.write_str("the client gave up"),
        other => write!(f, "the client refused the handshake with alert {other:?}"),
    }
}

/// Why a connection ended without a graceful close.
#[derive(Debug)]
pub struct ConnectionError<'a>(pub &'a io::Error);

impl fmt::Display for ConnectionError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(error) = tls_error(self.0) {
            return match error {
                Error::AlertReceived(alert) => write!(f, "the peer ended it with alert {alert:?}"),
                other => write!(f, "a TLS record cannot be read: {other}"),
            };
        }
        match self.0.kind() {
            io::ErrorKind::UnexpectedEof => f.write_str("the peer closed it"),
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
                f.write_str("it was reset by the peer or by the network")
            }
            io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected => {
                f.write_str("the peer was gone before everything was sent")
            }
            io::ErrorKind::TimedOut => write!(f, "the peer answers no more: {}", self.0),
            _ => write!(f, "{}", self.0),
        }
    }
}
