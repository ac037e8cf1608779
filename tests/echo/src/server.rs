//! The server: one thread, one single-threaded runtime, any number of connections.

use crate::{Behaviour, Order, grpc, reply, websocket};
use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use hyper_util::{rt::TokioExecutor, rt::TokioIo, server::conn::auto};
use serde_json::Value;
use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    sync::atomic::{AtomicU64, Ordering},
    thread::JoinHandle,
};
use tokio::{net::TcpStream, sync::oneshot, sync::watch};

/// More headers than any test sends; hyper's own limit of 100 would answer 431 in the filter's place.
const MAX_HEADERS: usize = 4096;

/// Room for a 64 KiB token beside a thousand headers.
const MAX_HEADER_BYTES: u32 = 1 << 20;

/// A running upstream; it stops when this is dropped.
#[derive(Debug)]
pub struct Echo {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    name: String,
    labels: Value,
    behaviour: watch::Sender<Behaviour>,
    requests: AtomicU64,
}

// === impl Echo ===

impl Echo {
    /// Starts an upstream on a loopback port that the OS picks.
    ///
    /// # Errors
    /// The port or the thread could not be had.
    pub fn start(name: &str, labels: &[(&str, &str)]) -> anyhow::Result<Self> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), name, labels)
    }

    /// Starts an upstream on `addr`.
    ///
    /// # Errors
    /// The address is taken, or the thread could not be had.
    pub fn start_at(addr: SocketAddr, name: &str, labels: &[(&str, &str)]) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(addr).with_context(|| format!("echo upstream: {addr}"))?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            labels: labels.iter().map(|(key, value)| (*key, *value)).collect(),
            behaviour: watch::Sender::new(Behaviour::Healthy),
            requests: AtomicU64::new(0),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name(format!("echo-{name}"))
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = stopped => {}
                        _ = accept(listener, serving) => {}
                    }
                });
            })?;
        Ok(Self {
            addr,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The name in its answers.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// How many requests have arrived so far, those it was told to fail or reset among them.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Sets what is done with every request from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.shared.behaviour.send_replace(behaviour);
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        // A failed accept is one client's trouble (it hung up, or descriptors ran short), not the end of the service.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        tokio::spawn(connection(stream, Arc::clone(&shared)));
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES as usize);
    builder.http2().max_header_list_size(MAX_HEADER_BYTES);
    let service = service_fn(|request| answer(request, Arc::clone(&shared)));
    let _ = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> anyhow::Result<Response<BoxBody<Bytes, Infallible>>> {
    shared.requests.fetch_add(1, Ordering::SeqCst);
    if websocket::is_handshake(request.headers()) {
        return websocket::accept(&shared.name, request);
    }
    let (parts, body) = request.into_parts();
    let sent = body.collect().await?.to_bytes();
    let behaviour = *shared.behaviour.borrow();
    let order = Order::for_request(behaviour, &parts.headers);
    if !order.delay.is_zero() {
        tokio::time::sleep(order.delay).await;
    }
    anyhow::ensure!(!order.reset, "told to reset");
    if grpc::is_call(&parts.headers) {
        return grpc::answer(&shared.name, &parts.headers, sent);
    }
    let body = reply::body(&shared.name, &shared.labels, &parts, order.code);
    let reply = Response::builder()
        .status(order.status)
        .header("content-type", "application/json")
        .header("x-echo-name", &shared.name)
        .body(Full::from(body.to_string()).boxed())?;
    Ok(reply)
}
