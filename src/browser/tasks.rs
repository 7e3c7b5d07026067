//! Futures that run by themselves. One is polled where it is begun, and again whenever a promise that it waits
//! for has settled: the little of an executor that this takes.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

type Future = Pin<Box<dyn std::future::Future<Output = ()>>>;

thread_local! {
    static WAITING: RefCell<Vec<(Arc<Task>, Future)>> = const { RefCell::new(Vec::new()) };
}

/// Who a future is, to its wakers.
struct Task;

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let woken = WAITING.with_borrow_mut(|waiting| {
            let at = waiting.iter().position(|(task, _)| Arc::ptr_eq(task, &self))?;
            Some(waiting.swap_remove(at).1)
        });
        if let Some(future) = woken {
            run(self, future);
        }
    }
}

/// Begins a future at once.
pub(super) fn spawn(future: impl std::future::Future<Output = ()> + 'static) {
    run(Arc::new(Task), Box::pin(future));
}

/// What it waits for are promises only, and those never settle while it runs.
fn run(task: Arc<Task>, mut future: Future) {
    let waker = Waker::from(Arc::clone(&task));
    if future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        WAITING.with_borrow_mut(|waiting| waiting.push((task, future)));
    }
}
