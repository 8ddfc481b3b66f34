//! The HTTP side: three resources, nothing else.
//!
//! *Limits:* [`CONNECTIONS_MAX`] connections at a time, the next wait; [`HEAD_BYTES_MAX`] of a request's head, whose
//! lines are at most [`HEADERS_MAX`]; [`HEAD_TIME`] to send it, and as long between two requests; bodies are not read.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::Subject;

/// Connections at a time.
const CONNECTIONS_MAX: usize = 32;
/// Bytes of a request's head; hyper takes no less.
const HEAD_BYTES_MAX: usize = 8 << 10;
const HEADERS_MAX: usize = 64;
/// How long a request's head may take, and a connection may rest.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a connection may live: whoever reads its reply slowly gives its place back then.
const CONNECTION_TIME: Duration = Duration::from_secs(300);
/// A pause after an error of accept, which may last (too many open files).
const REST: Duration = Duration::from_millis(100);

/// Serves a listener as long as its runtime lives.
pub(super) async fn accept(listener: TcpListener, subject: Subject) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!("accepting a connection for the metrics failed: {error}");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        let subject = subject.clone();
        tokio::spawn(async move {
            let _place = place;
            let _ = tokio::time::timeout(CONNECTION_TIME, converse(stream, subject)).await;
        });
    }
}

async fn converse(stream: TcpStream, subject: Subject) {
    let service = service_fn(move |request: Request<Incoming>| {
        let response = answer(request.method(), request.uri().path(), &subject);
        async move { Ok::<_, Infallible>(response) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!("a connection to the metrics ended: {error}");
    }
}

/// The response to a request; hyper leaves the body out for HEAD.
fn answer(method: &Method, path: &str, subject: &Subject) -> Response<Full<Bytes>> {
    const PLAIN: &str = "text/plain; charset=utf-8";
    const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
    let mut response = Response::builder();
    let known = matches!(path, "/metrics" | "/health" | "/ready");
    let (status, kind, text) = if known && method != Method::GET && method != Method::HEAD {
        response = response.header(ALLOW, "GET, HEAD");
        (StatusCode::METHOD_NOT_ALLOWED, PLAIN, "only GET and HEAD\n".to_owned())
    } else {
        match (path, subject.server()) {
            ("/health", _) => (StatusCode::OK, PLAIN, "alive\n".to_owned()),
            ("/metrics" | "/ready", None) => {
                (StatusCode::SERVICE_UNAVAILABLE, PLAIN, "not loaded\n".to_owned())
            }
            ("/metrics", Some(server)) => (StatusCode::OK, METRICS, super::text(&server)),
            ("/ready", Some(server)) => match super::unreadiness(&server) {
                None => (StatusCode::OK, PLAIN, "ready\n".to_owned()),
                Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, PLAIN, format!("{reason}\n")),
            },
            _ => (StatusCode::NOT_FOUND, PLAIN, "there are /metrics, /health and /ready\n".to_owned()),
        }
    };
    let response = response.status(status).header(CONTENT_TYPE, kind).body(Full::new(Bytes::from(text)));
    response.expect("the parts of the response are valid")
}
