//! The socket under a connection: how it is closed or reset in the middle.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    sync::Notify,
};

use crate::stream::Ending;

/// The order to end a socket, given from anywhere and carried out by the connection's own task.
#[derive(Debug, Default)]
pub(crate) struct SocketControl {
    order: Mutex<Order>,
    given: Notify,
}

#[derive(Clone, Copy, Debug, Default)]
enum Order {
    #[default]
    None,
    AfterFlush(Ending),
    Now(Ending),
}

impl SocketControl {
    /// Ends the socket at once; what is buffered here is not written.
    pub(crate) fn end_now(&self, ending: Ending) {
        self.set(Order::Now(ending));
        self.given.notify_one();
    }

    /// Ends the socket at the next flush.
    pub(crate) fn end_after_flush(&self, ending: Ending) {
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*order, Order::None) {
            *order = Order::AfterFlush(ending);
        }
    }

    /// Resolves when the socket is to be ended.
    pub(crate) async fn ended(&self) -> Ending {
        loop {
            if let Order::Now(ending) = self.get() {
                return ending;
            }
            self.given.notified().await;
        }
    }

    fn flushed(&self) {
        if let Order::AfterFlush(ending) = self.get() {
            self.end_now(ending);
        }
    }

    fn get(&self) -> Order {
        *self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, order: Order) {
        *self.order.lock().unwrap_or_else(PoisonError::into_inner) = order;
    }
}

/// A TCP stream that tells its control when everything was written.
#[derive(Debug)]
pub(crate) struct ControlledSocket {
    inner: TcpStream,
    control: std::sync::Arc<SocketControl>,
}

impl ControlledSocket {
    pub(crate) fn new(inner: TcpStream, control: std::sync::Arc<SocketControl>) -> Self {
        Self { inner, control }
    }

    /// Closes or resets the connection.
    pub(crate) async fn end(mut self, ending: Ending) {
        match ending {
            Ending::Rst => {
                // With zero linger, closing sends RST in place of FIN.
                let _ = SockRef::from(&self.inner).set_linger(Some(Duration::ZERO));
            }
            Ending::Clean | Ending::Fin => {
                let _ = self.inner.shutdown().await;
                // Closing with unread input would send RST in place of FIN.
                let mut rest = [0; 4096];
                while self.inner.try_read(&mut rest).is_ok_and(|n| n > 0) {}
            }
        }
    }
}

impl AsyncRead for ControlledSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for ControlledSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    /// hyper flushes when its own buffer is empty, so here everything is on its way.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        self.control.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}
