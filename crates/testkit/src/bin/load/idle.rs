//! Idle connections of one certificate.

use fleetwright_testkit::device::{Device, tls};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::{Credentials, Outcome};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    credentials: Credentials,
    #[arg(long, default_value_t = 2000)]
    count: usize,
    /// Only TLS, no MQTT: for the floor
    #[arg(long)]
    bare: bool,
}

pub(crate) async fn run(args: Args) -> Outcome {
    let tls = tls(
        &std::fs::read_to_string(&args.credentials.ca)?,
        &std::fs::read_to_string(&args.credentials.cert)?,
        &std::fs::read_to_string(&args.credentials.key)?,
    )?;
    let (mut devices, mut streams) = (Vec::new(), Vec::new());
    for number in 0..args.count {
        if args.bare {
            let tcp = TcpStream::connect(args.credentials.server).await?;
            let name = rustls_pki_types::ServerName::try_from("localhost")?;
            let mut stream = TlsConnector::from(tls.clone()).connect(name, tcp).await?;
            // The floor greets each connection, so that its handshake is over.
            stream.read_u8().await?;
            streams.push(stream);
        } else {
            let client_id = format!("idle-{number}");
            devices.push(Device::connect(args.credentials.server, tls.clone(), &client_id).await?);
        }
    }
    println!("{}", json!({ "held": devices.len() + streams.len() }));
    let mut nothing = Vec::new();
    tokio::io::stdin().read_to_end(&mut nothing).await?;
    Ok(json!({ "held": 0 }))
}
