//! The last words of a connection.

use fleetwright_mqtt::DisconnectCode;

use super::{End, Online};
use crate::standing::WriteError;
use crate::stream;

impl Online {
    /// Gives answers under way their time, tells the client why, writes what is left.
    pub(super) async fn say_goodbye(&mut self, end: End) -> End {
        let code = match &end {
            End::CertificateOff
            | End::CallerOff
            | End::ClientOff
            | End::ClaimEnded
            | End::WebSocketEnded
            | End::AuthorizerEnded => {
                return self.turn_out(end).await;
            }
            End::Defect => Some(DisconnectCode::UnspecifiedError),
            End::Server => Some(DisconnectCode::ServerShuttingDown),
            End::Memory => Some(DisconnectCode::QuotaExceeded),
            End::Lost(_) => return end,
            _ => None,
        };
        if matches!(end, End::Server | End::Defect) {
            self.finish_requests().await;
        }
        if let Some(code) = code {
            self.session.disconnect(code, &end.to_string());
        }
        let output = self.session.output().split();
        match self.standing.write(&mut self.stream, &output).await {
            // Switched off in the middle of its goodbye.
            Err(WriteError::Ended(ended)) => ended.into(),
            Ok(()) | Err(WriteError::Lost(_)) => end,
        }
    }

    /// The end of a connection whose certificate is no longer good: what waits for the client is
    /// dropped, and its requests with it. It is told why, unless a packet was cut, and first of all
    /// the answer that outlives its certificate, if there is one (see `Answer::outlives`).
    async fn turn_out(&mut self, end: End) -> End {
        let unsent = self.stream.has_unsent();
        if self.outgoing.is_torn() || unsent {
            self.stream.abandon();
            return end;
        }
        self.session.output().clear();
        self.session.forget_deliveries();
        if let Some(answer) = self.requests.last().await {
            self.send_answer(answer);
        }
        let code = DisconnectCode::NotAuthorized;
        self.session.disconnect(code, &end.to_string());
        let bytes = self.session.output().split().freeze();
        let _ = stream::write(&mut self.stream, &bytes).await;
        end
    }
}
