//! Live traffic, produced while somebody listens.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, task::AbortHandle};

use crate::{
    namespace::Namespace,
    systems::{self, System},
};

/// How fast live traffic goes, and whether anybody listens.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    rate: f64,
    audience: watch::Receiver<usize>,
}

impl Pace {
    /// Waits for that long at rate 1, half as long at rate 2, and then until somebody listens.
    pub(crate) async fn pause(&self, milliseconds: u64) {
        let milliseconds = Duration::from_millis(milliseconds);
        tokio::time::sleep(milliseconds.div_f64(self.rate)).await;
        let mut audience = self.audience.clone();
        if audience.wait_for(|listeners| *listeners > 0).await.is_err() {
            // The namespace is gone, and this task is about to be dropped.
            std::future::pending().await
        }
    }
}

/// The switch of one namespace's traffic.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    rate: f64,
    tasks: Vec<AbortHandle>,
}

impl Traffic {
    /// Starts the traffic of every system, anew if it runs.
    pub(crate) fn start(&self, namespace: &Arc<Namespace>, rate: f64) {
        self.stop();
        let tasks = System::ALL
            .into_iter()
            .map(|system| {
                let pace = Pace {
                    rate,
                    audience: namespace.audience(system),
                };
                let namespace = Arc::clone(namespace);
                tokio::spawn(systems::traffic(namespace, system, pace)).abort_handle()
            })
            .collect();
        *self.lock() = Some(Running { rate, tasks });
    }

    pub(crate) fn stop(&self) {
        if let Some(running) = self.lock().take() {
            for task in running.tasks {
                task.abort();
            }
        }
    }

    /// The rate, if it is on.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.lock().as_ref().map(|running| running.rate)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
