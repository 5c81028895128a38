//! Threads for work that has time: they yield to every other.

use std::thread::Builder;

use crate::random;

/// The least that a thread may claim of the processor.
const NICEST: i32 = 19;

/// Starts a thread of this name that runs when nobody else wants the processor. Nothing that others
/// wait for may be done in it while a lock is held.
///
/// # Errors
/// When the system gives no thread, or no random bytes.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    // The first random bytes of a process take long, and whoever wants some waits meanwhile: on a
    // busy machine this thread would keep every handshake waiting for seconds.
    random::bytes::<1>().map_err(|refusal| std::io::Error::other(refusal.to_string()))?;
    let work = move || {
        // Of this thread only, on Linux.
        let _ = rustix::process::setpriority_process(None, NICEST);
        work();
    };
    Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use rustix::process::getpriority_process;

    #[test]
    fn the_thread_yields_and_its_maker_does_not() {
        let (said, heard) = mpsc::channel();
        super::spawn("idle", move || said.send(getpriority_process(None)).unwrap()).unwrap();
        assert_eq!(heard.recv().unwrap().unwrap(), super::NICEST);
        assert_ne!(getpriority_process(None).unwrap(), super::NICEST);
    }
}
