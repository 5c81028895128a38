//! Request and response over the claim connection.

use std::future::Future;
use std::mem;

use tokio::time::timeout;

use super::message::{Rejection, Response};
use super::{Method, Operation, ProvisionConfig};
use crate::{Connection, ConnectionConfig, ConnectionError, QoS};

/// Where requests go. Tests put the journal through its states with another.
pub(super) trait Exchange: Send {
    fn request(
        &mut self,
        operation: Operation,
        payload: Vec<u8>,
    ) -> impl Future<Output = Result<Response, ConnectionError>> + Send;

    fn close(&mut self) -> impl Future<Output = ()> + Send;
}

/// Over MQTT. Connects at the first request, and again after a failure.
pub(super) struct MqttExchange<'a> {
    config: &'a ProvisionConfig,
    open: Option<Connection>,
}

impl<'a> MqttExchange<'a> {
    pub(super) fn new(config: &'a ProvisionConfig) -> Self {
        Self { config, open: None }
    }

    /// Connected, and subscribed to every response topic before the first request.
    async fn connect(&self) -> Result<Connection, ConnectionError> {
        let config = self.config;
        let mut settings = ConnectionConfig::new(
            config.endpoint.clone(),
            config.ca_pem.as_str(),
            config.claim.clone(),
            config.client_id.as_str(),
        );
        settings.timeout = config.step_timeout;
        let connection = Connection::open(&settings).await?;

        let create = match config.method {
            Method::Csr { .. } => Operation::CreateCertificateFromCsr,
            Method::Keys => Operation::CreateKeysAndCertificate,
        };
        let responses: Vec<String> = [create, Operation::RegisterThing]
            .iter()
            .map(|operation| operation.topic(&config.template))
            .flat_map(|topic| [format!("{topic}/accepted"), format!("{topic}/rejected")])
            .collect();
        let filters: Vec<&str> = responses.iter().map(String::as_str).collect();
        connection.subscribe_all(&filters, QoS::AtLeastOnce).await?;
        Ok(connection)
    }

    async fn response(
        connection: &Connection,
        operation: Operation,
        topic: &str,
    ) -> Result<Response, ConnectionError> {
        loop {
            let message = connection.next_message().await?;
            // No correlation data in this interface: the topic is all there is to match.
            match message.topic.strip_prefix(topic) {
                Some("/accepted") => return Ok(Response::Accepted(message.payload)),
                Some("/rejected") => {
                    return Ok(Response::Rejected(Rejection::parse(operation, &message.payload)));
                }
                _ => {}
            }
        }
    }
}

impl Exchange for MqttExchange<'_> {
    async fn request(
        &mut self,
        operation: Operation,
        payload: Vec<u8>,
    ) -> Result<Response, ConnectionError> {
        // Taken out, put back after success: a failed connection is not used again.
        let connection = match mem::take(&mut self.open) {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let topic = operation.topic(&self.config.template);
        let response = async {
            // The response may overtake the acknowledgement, and the acknowledgement may be lost
            // with the connection while the response is here already.
            let published = connection.publish(&topic, payload, QoS::AtLeastOnce, false).await;
            if let Err(failure @ ConnectionError::TimedOut { .. }) = published {
                return Err(failure);
            }
            let response = Self::response(&connection, operation, &topic).await;
            match published {
                Err(failure) if response.is_err() => Err(failure),
                _ => response,
            }
        };
        let late = |_| ConnectionError::TimedOut {
            waiting_for: format!("the answer to {operation}"),
            after: self.config.step_timeout,
        };
        let response = timeout(self.config.step_timeout, response).await.map_err(late)??;
        self.open = Some(connection);
        Ok(response)
    }

    async fn close(&mut self) {
        if let Some(connection) = mem::take(&mut self.open) {
            connection.close().await;
        }
    }
}
