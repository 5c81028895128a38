//! The Lambda Runtime API that one worker speaks to, on a loopback port of its own.
//!
//! A local client of this port could take events and answer them instead of the function, so only
//! connections held by the worker's own processes are accepted. AWS: "Using the Lambda runtime API
//! for custom runtimes".

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SetOnce, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use super::peer;

/// Bytes of an answer. AWS: 6 MB.
pub(super) const ANSWER_BYTES: usize = 6 * 1024 * 1024;
/// Connections of one worker. (ours)
const CONNECTIONS: usize = 16;
/// Connections whose owner is not verified yet. (ours)
const UNKNOWN: usize = 8;
/// Pause after a connection that could not be accepted. (ours)
const PAUSE: Duration = Duration::from_millis(100);
/// Bytes of an error of the initialization. (ours)
const INIT_ERROR_BYTES: usize = 64 * 1024;
/// Calls of a worker that are not handled yet. (ours)
const PENDING_CALLS: usize = 16;
const PREFIX: &str = "/2018-06-01/runtime/";

/// An event for the function.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) request_id: String,
    pub(super) function_arn: String,
    /// Milliseconds since 1970.
    pub(super) deadline: i64,
    pub(super) payload: Bytes,
}

/// A call of the Runtime API.
#[derive(Debug)]
pub(super) enum RuntimeCall {
    /// `GET invocation/next`: it waits for an event.
    NextInvocation(oneshot::Sender<Event>),
    /// `POST invocation/ID/response`: the handler's result.
    Response(Bytes),
    /// `POST invocation/ID/error`: the handler's exception.
    Error(Bytes),
    /// `POST init/error`: it could not be initialized.
    InitError(Bytes),
}

/// The server of one worker's Runtime API.
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    pub(super) calls: mpsc::Receiver<RuntimeCall>,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

struct Shared {
    calls: mpsc::Sender<RuntimeCall>,
    /// The request id that an answer must have.
    awaited: Mutex<Option<String>>,
    /// The outermost process of the worker.
    process: SetOnce<u32>,
    /// Whether it has requested an event.
    initialized: AtomicBool,
    /// Bounds the worker's own connections.
    connections: Semaphore,
}

impl RuntimeApi {
    /// Listens on a free port of the loopback.
    pub(super) async fn listen() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (sender, calls) = mpsc::channel(PENDING_CALLS);
        let shared = Arc::new(Shared {
            calls: sender,
            awaited: Mutex::default(),
            process: SetOnce::new(),
            initialized: AtomicBool::new(false),
            connections: Semaphore::new(CONNECTIONS),
        });
        let listening = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, calls, shared, listening })
    }

    /// From now on connections of this process and its descendants are served.
    pub(super) fn trust(&self, process: u32) {
        // Set once, by the caller that started the process.
        let _ = self.shared.process.set(process);
    }

    /// From now on an answer with this request id counts; `None`: no answer does.
    pub(super) fn expect(&self, request_id: Option<&str>) {
        *self.shared.awaited.lock() = request_id.map(str::to_owned);
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Accepts connections that the worker's own processes hold, and drops all others at once. Until
/// its owner is verified, a connection has one of a few permits; other processes of this machine
/// never take the rest.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let unknown = Arc::new(Semaphore::new(UNKNOWN));
    let mut connections = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&unknown).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, from)) => {
                connections.spawn(serve(stream, from, Arc::clone(&shared), permit));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a worker's connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(
    stream: TcpStream,
    from: SocketAddr,
    shared: Arc<Shared>,
    unknown: OwnedSemaphorePermit,
) {
    let Ok(to) = stream.local_addr() else { return };
    let process = *shared.process.wait().await;
    let held = tokio::task::spawn_blocking(move || peer::holds(process, from, to)).await;
    if !held.unwrap_or(false) {
        tracing::warn!(%from, "a stranger's connection to a function's Runtime API is dropped");
        return;
    }
    drop(unknown);
    let Ok(_permit) = shared.connections.acquire().await else { return };
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(request, &shared).await) }
    });
    // A worker may close at any time; `Worker` notices a missing call.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default().to_owned();
    let words: Vec<&str> = path.split('/').collect();
    match (request.method(), words.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => {
            shared.initialized.store(true, Ordering::Release);
            next(shared).await
        }
        (&Method::POST, ["invocation", id, kind @ ("response" | "error")]) => {
            let awaited = shared.awaited.lock().take_if(|awaited| awaited == id);
            if awaited.is_none() {
                return refusal(
                    StatusCode::BAD_REQUEST,
                    "no answer is awaited for this request id",
                );
            }
            let body = match Limited::new(request.into_body(), ANSWER_BYTES).collect().await {
                Ok(body) => body.to_bytes(),
                Err(_) => return too_large(shared).await,
            };
            let call = match *kind {
                "error" => RuntimeCall::Error(body),
                _ => RuntimeCall::Response(body),
            };
            accepted(shared, call).await
        }
        (&Method::POST, ["init", "error"]) if !shared.initialized.load(Ordering::Acquire) => {
            match Limited::new(request.into_body(), INIT_ERROR_BYTES).collect().await {
                Ok(body) => accepted(shared, RuntimeCall::InitError(body.to_bytes())).await,
                Err(_) => refusal(StatusCode::PAYLOAD_TOO_LARGE, "this error is too large"),
            }
        }
        _ => refusal(StatusCode::NOT_FOUND, "no path of the Runtime API that is offered here"),
    }
}

/// Waits, for as long as the worker lives, until there is an event.
async fn next(shared: &Shared) -> Response<Full<Bytes>> {
    let (give, given) = oneshot::channel();
    if shared.calls.send(RuntimeCall::NextInvocation(give)).await.is_err() {
        return refusal(StatusCode::GONE, "this worker is not needed any more");
    }
    let Ok(event) = given.await else {
        return refusal(StatusCode::GONE, "this worker is not needed any more");
    };
    let mut response = Response::new(Full::new(event.payload));
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in [
        ("lambda-runtime-aws-request-id", event.request_id),
        ("lambda-runtime-invoked-function-arn", event.function_arn),
        ("lambda-runtime-deadline-ms", event.deadline.to_string()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

async fn too_large(shared: &Shared) -> Response<Full<Bytes>> {
    let error = serde_json::json!({
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": format!("Response payload size exceeded maximum allowed payload size ({ANSWER_BYTES} bytes)."),
    });
    accepted(shared, RuntimeCall::Error(error.to_string().into())).await;
    refusal(StatusCode::PAYLOAD_TOO_LARGE, "larger than 6 MB")
}

async fn accepted(shared: &Shared, call: RuntimeCall) -> Response<Full<Bytes>> {
    // The receiver is gone only when the worker is about to be killed.
    let _ = shared.calls.send(call).await;
    let mut response = Response::new(Full::new(Bytes::from_static(b"{\"status\":\"OK\"}\n")));
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

fn refusal(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    let body = serde_json::json!({"errorType": "InvalidRequest", "errorMessage": message});
    let mut response = Response::new(Full::new(body.to_string().into()));
    *response.status_mut() = status;
    response
}
