//! Request and answer over the claim connection.

use super::{
    Method, Operation, ProvisionConfig,
    message::{Answer, Rejection},
};
use crate::{Connection, ConnectionConfig, ConnectionError, QoS};
use std::{future::Future, mem};
use tokio::time::timeout;

/// Whoever answers. Tests put the journal through its states with another.
pub(super) trait Exchange: Send {
    fn ask(
        &mut self,
        operation: Operation,
        payload: Vec<u8>,
    ) -> impl Future<Output = Result<Answer, ConnectionError>> + Send;

    fn close(&mut self) -> impl Future<Output = ()> + Send;
}

/// The real one. Connects when first asked, and again after a failure.
pub(super) struct MqttExchange<'a> {
    config: &'a ProvisionConfig,
    open: Option<Connection>,
}

impl<'a> MqttExchange<'a> {
    pub(super) fn new(config: &'a ProvisionConfig) -> Self {
        Self { config, open: None }
    }

    /// Connected, and subscribed to every answer before anything is asked.
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
        let answers: Vec<String> = [create, Operation::RegisterThing]
            .iter()
            .map(|operation| operation.topic(&config.template))
            .flat_map(|topic| [format!("{topic}/accepted"), format!("{topic}/rejected")])
            .collect();
        let filters: Vec<&str> = answers.iter().map(String::as_str).collect();
        connection.subscribe_all(&filters, QoS::AtLeastOnce).await?;
        Ok(connection)
    }

    async fn answer(
        connection: &Connection,
        operation: Operation,
        topic: &str,
    ) -> Result<Answer, ConnectionError> {
        loop {
            let message = connection.next_message().await?;
            // No correlation data in this interface: the topic is all there is to match.
            match message.topic.strip_prefix(topic) {
                Some("/accepted") => return Ok(Answer::Accepted(message.payload)),
                Some("/rejected") => {
                    return Ok(Answer::Rejected(Rejection::parse(operation, &message.payload)));
                }
                _ => {}
            }
        }
    }
}

impl Exchange for MqttExchange<'_> {
    async fn ask(
        &mut self,
        operation: Operation,
        payload: Vec<u8>,
    ) -> Result<Answer, ConnectionError> {
        // Taken out, put back after success: a failed connection is not used again.
        let connection = match mem::take(&mut self.open) {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let topic = operation.topic(&self.config.template);
        let answer = async {
            // The answer may overtake the acknowledgement, and the acknowledgement may be lost
            // with the connection while the answer is here already.
            let published = connection.publish(&topic, payload, QoS::AtLeastOnce, false).await;
            if let Err(failure @ ConnectionError::TimedOut { .. }) = published {
                return Err(failure);
            }
            let answer = Self::answer(&connection, operation, &topic).await;
            match published {
                Err(failure) if answer.is_err() => Err(failure),
                _ => answer,
            }
        };
        let late = |_| ConnectionError::TimedOut {
            waiting_for: format!("the answer to {operation}"),
            after: self.config.step_timeout,
        };
        let answer = timeout(self.config.step_timeout, answer).await.map_err(late)??;
        self.open = Some(connection);
        Ok(answer)
    }

    async fn close(&mut self) {
        if let Some(connection) = mem::take(&mut self.open) {
            connection.close().await;
        }
    }
}
