//! What is done later: when whoever is on the stack is done.

#[cfg(target_arch = "wasm32")]
pub(super) use browser::{next_turn, spawn};
#[cfg(not(any(test, target_arch = "wasm32")))]
pub(super) use elsewhere::{next_turn, spawn};
#[cfg(all(test, not(target_arch = "wasm32")))]
pub(super) use rehearsed::{next_turn, spawn};

#[cfg(target_arch = "wasm32")]
mod browser {
    use crate::driver::set_timeout;
    use js_sys::Promise;
    use wasm_bindgen_futures::JsFuture;
    pub(crate) use wasm_bindgen_futures::spawn_local as spawn;

    /// All that is under way now is done first, the microtasks too.
    pub(crate) async fn next_turn() {
        let promise = Promise::new(&mut |resolve, _| {
            set_timeout(&resolve, 0);
        });
        // A timer is never rejected.
        let _ = JsFuture::from(promise).await;
    }
}

/// There is no event loop, and nothing that would have to be done in one.
#[cfg(not(any(test, target_arch = "wasm32")))]
mod elsewhere {
    pub(crate) fn spawn(_: impl Future<Output = ()> + 'static) {}

    pub(crate) async fn next_turn() {}
}

/// An event loop that a test turns by hand.
#[cfg(all(test, not(target_arch = "wasm32")))]
pub(super) mod rehearsed {
    use std::cell::{Cell, RefCell};
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Poll, Wake, Waker};

    struct Task {
        woken: Arc<Woken>,
        future: Pin<Box<dyn Future<Output = ()>>>,
    }

    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    thread_local! {
        static TASKS: RefCell<Vec<Task>> = const { RefCell::new(Vec::new()) };
        static TURNS: Cell<u32> = const { Cell::new(0) };
        static WAITING: RefCell<Vec<Waker>> = const { RefCell::new(Vec::new()) };
    }

    pub(crate) fn spawn(future: impl Future<Output = ()> + 'static) {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let future = Box::pin(future);
        TASKS.with_borrow_mut(|tasks| tasks.push(Task { woken, future }));
    }

    pub(crate) async fn next_turn() {
        let now = TURNS.get();
        poll_fn(|context| {
            if TURNS.get() > now {
                return Poll::Ready(());
            }
            WAITING.with_borrow_mut(|waiting| waiting.push(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    /// Does all that is to be done in this turn.
    pub(crate) fn run() {
        while let Some(mut task) = TASKS.with_borrow_mut(|tasks| {
            let woken = |task: &Task| task.woken.0.load(Ordering::Relaxed);
            let index = tasks.iter().position(woken)?;
            Some(tasks.remove(index))
        }) {
            task.woken.0.store(false, Ordering::Relaxed);
            let waker = Waker::from(Arc::clone(&task.woken));
            let poll = task.future.as_mut().poll(&mut Context::from_waker(&waker));
            if poll.is_pending() {
                TASKS.with_borrow_mut(|tasks| tasks.push(task));
            }
        }
    }

    /// Ends this turn, and does all that is to be done in the next.
    pub(crate) fn turn() {
        run();
        TURNS.set(TURNS.get() + 1);
        WAITING.take().into_iter().for_each(Waker::wake);
        run();
    }

    /// Tasks that are not done.
    pub(crate) fn tasks() -> usize {
        TASKS.with_borrow(Vec::len)
    }
}
