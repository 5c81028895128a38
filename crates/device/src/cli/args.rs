//! The arguments. Their comments are the `--help` text.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::output::Format;
use crate::{Endpoint, KeyType, Method, QoS};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: files, network, a lost connection (the reason is on standard error)
  2  wrong usage
  3  refused by the server for good: change the request, the template or the hook
  4  not authorized: certificate or policy; the server closed the connection
  5  out of time

Every option with [env: …] can be set in the environment instead.";

const EXAMPLES: &str = "\
Examples:
  fleetwright-device provision --endpoint iot.example.com:8883 --ca root-ca.pem \\
      --claim-cert claim.cert.pem --claim-key claim.key \\
      --template Sensors --parameter SerialNumber=A-1001 --identity ./identity
  fleetwright-device publish --identity ./identity sensors/A-1001/hello world
  fleetwright-device subscribe --identity ./identity 'sensors/A-1001/#' --count 1

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused, 4 not authorized, 5 out of time.";

/// Be a device: turn a claim certificate into an identity of its own, then use it.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What a device does.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Get a certificate and a thing with a claim certificate; save them in the identity directory.
    ///
    /// The private key is made on this device and never leaves it, unless --method keys. Every step
    /// is on the disk before the next begins: after a cut, the same command goes on where it was,
    /// and an identity that the server has given is never lost. Running it on a device that is
    /// provisioned already changes nothing and succeeds; if the server no longer accepts its
    /// certificate, it fails with exit code 4, and --force gets a new one.
    #[command(after_help = EXIT_CODES)]
    Provision(Box<ProvisionArgs>),
    /// Connect as the provisioned device, to see that it may.
    #[command(after_help = EXIT_CODES)]
    Connect(ConnectArgs),
    /// Publish one message as the provisioned device.
    ///
    /// With QoS 1 it succeeds when the server has acknowledged. A server answers a publish that
    /// policy does not allow by closing the connection: exit code 4.
    #[command(after_help = EXIT_CODES)]
    Publish(PublishArgs),
    /// Subscribe as the provisioned device and print the messages that arrive.
    ///
    /// Text: one line each, topic, a tab, payload. JSON: one object a line with topic, payload
    /// (payloadHex when it is not UTF-8), qos and retain.
    #[command(after_help = EXIT_CODES)]
    Subscribe(SubscribeArgs),
    /// Show what the identity directory holds. Prints no key.
    Show(ShowArgs),
}

impl Command {
    pub(super) fn output(&self) -> Format {
        match self {
            Self::Provision(args) => args.output,
            Self::Connect(args) => args.device.output,
            Self::Publish(args) => args.device.output,
            Self::Subscribe(args) => args.device.output,
            Self::Show(args) => args.output,
        }
    }
}

/// Arguments of `provision`.
#[derive(Debug, Clone, clap::Args)]
pub struct ProvisionArgs {
    /// The server's MQTT endpoint; the host must be a name in the server's certificate.
    #[arg(long, value_name = "HOST:PORT", env = "FLEETWRIGHT_DEVICE_ENDPOINT")]
    pub(super) endpoint: Endpoint,
    /// The CA that issued the server's certificate (PEM).
    #[arg(long, value_name = "FILE", env = "FLEETWRIGHT_DEVICE_CA")]
    pub(super) ca: PathBuf,
    /// The claim certificate (PEM).
    #[arg(long, value_name = "FILE", env = "FLEETWRIGHT_DEVICE_CLAIM_CERT")]
    pub(super) claim_cert: PathBuf,
    /// The private key of the claim certificate (PEM).
    #[arg(long, value_name = "FILE", env = "FLEETWRIGHT_DEVICE_CLAIM_KEY")]
    pub(super) claim_key: PathBuf,
    /// The provisioning template.
    #[arg(long, value_name = "NAME", env = "FLEETWRIGHT_DEVICE_TEMPLATE")]
    pub(super) template: String,
    /// A parameter for the template; may be repeated. Names are case-sensitive.
    #[arg(short, long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    pub(super) parameters: Vec<(String, String)>,
    /// A JSON object of parameters, {"NAME": "VALUE"}; --parameter wins over it.
    #[arg(long, value_name = "FILE", env = "FLEETWRIGHT_DEVICE_PARAMETERS_FILE")]
    pub(super) parameters_file: Option<PathBuf>,
    /// Where the device's key comes from.
    #[arg(long, value_enum, default_value_t, env = "FLEETWRIGHT_DEVICE_METHOD")]
    pub(super) method: MethodName,
    /// The kind of key to make; only with --method csr.
    #[arg(long, value_enum, default_value_t, env = "FLEETWRIGHT_DEVICE_KEY_TYPE")]
    pub(super) key_type: KeyTypeName,
    /// The identity directory; made if it is missing.
    #[arg(long, value_name = "DIR", env = "FLEETWRIGHT_DEVICE_IDENTITY")]
    pub(super) identity: PathBuf,
    /// MQTT client id while claiming. Two devices with one client id cut each other off.
    /// [default: claim- and random digits]
    #[arg(long, value_name = "ID", env = "FLEETWRIGHT_DEVICE_CLIENT_ID")]
    pub(super) client_id: Option<String>,
    /// The longest time for everything together, in seconds; 0 for no limit.
    #[arg(long, value_name = "SECONDS", default_value_t = 300, env = "FLEETWRIGHT_DEVICE_TIMEOUT")]
    pub(super) timeout: u64,
    /// The most attempts when the network or the server fails in passing; 0 for no limit. Between
    /// them is a random wait of up to 0.5 s, doubling to 30 s.
    #[arg(long, value_name = "N", default_value_t = 8, env = "FLEETWRIGHT_DEVICE_MAX_ATTEMPTS")]
    pub(super) max_attempts: u32,
    /// Provision anew although there is an identity, which is replaced when the new one is
    /// complete; and abandon a cut attempt that was for something else.
    #[arg(long)]
    pub(super) force: bool,
    /// What standard output carries.
    #[arg(long, value_enum, default_value_t, env = "FLEETWRIGHT_DEVICE_OUTPUT")]
    pub(super) output: Format,
}

/// Which identity connects, and where.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DeviceArgs {
    /// The identity directory that `provision` has filled.
    #[arg(long, value_name = "DIR", env = "FLEETWRIGHT_DEVICE_IDENTITY")]
    pub(super) identity: PathBuf,
    /// Another endpoint than the one that provisioned the device.
    #[arg(long, value_name = "HOST:PORT", env = "FLEETWRIGHT_DEVICE_ENDPOINT")]
    pub(super) endpoint: Option<Endpoint>,
    /// Another CA (PEM) than the one in the identity directory.
    #[arg(long, value_name = "FILE", env = "FLEETWRIGHT_DEVICE_CA")]
    pub(super) ca: Option<PathBuf>,
    /// MQTT client id. Policies with thing variables need the thing name, which is the default.
    // No variable: the one for claiming must not turn into the device's own id.
    #[arg(long, value_name = "ID")]
    pub(super) client_id: Option<String>,
    /// What standard output carries.
    #[arg(long, value_enum, default_value_t, env = "FLEETWRIGHT_DEVICE_OUTPUT")]
    pub(super) output: Format,
}

/// Arguments of `connect`.
#[derive(Debug, Clone, clap::Args)]
pub struct ConnectArgs {
    #[command(flatten)]
    pub(super) device: DeviceArgs,
    /// Stay connected for so long; without it, disconnect at once.
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 0)]
    pub(super) stay: u64,
}

/// Arguments of `publish`.
#[derive(Debug, Clone, clap::Args)]
pub struct PublishArgs {
    #[command(flatten)]
    pub(super) device: DeviceArgs,
    /// The topic.
    pub(super) topic: String,
    /// The payload; `-` reads it from standard input.
    pub(super) message: String,
    /// Quality of service: 1 waits for the server's acknowledgement, 0 does not.
    #[arg(long, value_enum, default_value_t)]
    pub(super) qos: QosName,
    /// Ask the server to keep it for later subscribers.
    #[arg(long)]
    pub(super) retain: bool,
}

/// Arguments of `subscribe`.
#[derive(Debug, Clone, clap::Args)]
pub struct SubscribeArgs {
    #[command(flatten)]
    pub(super) device: DeviceArgs,
    /// The topic filter; quote it when it has wildcards.
    pub(super) filter: String,
    /// Quality of service.
    #[arg(long, value_enum, default_value_t)]
    pub(super) qos: QosName,
    /// Leave after so many messages. [default: stay until Ctrl-C]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) count: Option<u64>,
    /// Leave after so long: with --count and too few messages that is exit code 5.
    #[arg(long, value_name = "SECONDS")]
    pub(super) timeout: Option<u64>,
}

/// Arguments of `show`.
#[derive(Debug, Clone, clap::Args)]
pub struct ShowArgs {
    /// The identity directory.
    #[arg(long, value_name = "DIR", env = "FLEETWRIGHT_DEVICE_IDENTITY")]
    pub(super) identity: PathBuf,
    /// What standard output carries.
    #[arg(long, value_enum, default_value_t, env = "FLEETWRIGHT_DEVICE_OUTPUT")]
    pub(super) output: Format,
}

/// `--method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum MethodName {
    /// Made on this device; the server signs a request (CreateCertificateFromCsr)
    #[default]
    Csr,
    /// Made by the server and sent once, RSA-2048 (CreateKeysAndCertificate)
    Keys,
}

/// `--key-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum KeyTypeName {
    /// ECDSA on P-256
    #[default]
    P256,
    /// RSA with 2048 bits
    Rsa2048,
}

/// `--qos`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum QosName {
    /// At most once
    #[value(name = "0")]
    Zero,
    /// At least once
    #[default]
    #[value(name = "1")]
    One,
}

impl QosName {
    pub(super) fn qos(self) -> QoS {
        match self {
            Self::Zero => QoS::AtMostOnce,
            Self::One => QoS::AtLeastOnce,
        }
    }
}

impl ProvisionArgs {
    pub(super) fn chosen_method(&self) -> Method {
        match (self.method, self.key_type) {
            (MethodName::Keys, _) => Method::Keys,
            (MethodName::Csr, KeyTypeName::P256) => Method::Csr { key_type: KeyType::P256 },
            (MethodName::Csr, KeyTypeName::Rsa2048) => Method::Csr { key_type: KeyType::Rsa2048 },
        }
    }
}

fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE, for example SerialNumber=A-1001".to_owned()),
    }
}
