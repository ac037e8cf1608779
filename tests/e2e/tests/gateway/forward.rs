//! A port that is known before the server behind it: Envoy's configuration names its own admin port, which the OS picks.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

/// Listens, and passes each connection on to the address that is told.
pub(crate) fn listen() -> anyhow::Result<(SocketAddr, mpsc::Sender<SocketAddr>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let addr = listener.local_addr()?;
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let target = told.recv().ok()?;
        for stream in listener.incoming() {
            let client = stream.ok()?;
            let server = TcpStream::connect(target).ok()?;
            pass(client.try_clone().ok()?, server.try_clone().ok()?);
            pass(server, client);
        }
        Some(())
    });
    Ok((addr, tell))
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
