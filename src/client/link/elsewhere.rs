//! Outside of the browser there is nothing to connect by.

use crate::client::{Client, queue::Queue};
use crate::connection::{CloseReason, ConfigError, Connection, Error, ErrorKind, Report};
use crate::filter::{Filter, FilterError};
use crate::profiles::{Profile, Spec};
use std::rc::Rc;

pub(crate) struct Link {
    spec: Spec,
}

impl Link {
    /// Ends what has not begun. What is wrong with the options is wrong here, too.
    pub(crate) fn open<P: Profile>(
        client: Client<P>,
        queue: Rc<Queue<P>>,
    ) -> Result<Link, ConfigError> {
        let spec = client.config.spec.clone();
        Connection::new(client.config)?;
        // The state is the end's to change: it is the only item.
        queue.report(Report::Closed {
            reason: CloseReason::Unsupported,
            error: Some(Error {
                kind: ErrorKind::Unsupported,
                status: 0,
                message: "only a browser connects: this program was not compiled for one"
                    .to_owned(),
                body: String::new(),
            }),
        });
        Ok(Link { spec })
    }

    pub(crate) fn want(&self) {}

    pub(crate) fn close(&self, _: CloseReason) {}

    pub(crate) fn reconnect(&self) {}

    pub(crate) fn set_filter(&self, filter: Filter) -> Result<(), FilterError> {
        filter.compile(&self.spec).map(drop)
    }

    pub(crate) fn duplicates(&self) -> u64 {
        0
    }

    pub(crate) fn last_event_id(&self) -> String {
        String::new()
    }
}
