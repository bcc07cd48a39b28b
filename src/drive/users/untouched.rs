//! What belongs to the process and is not goose's to change: what Ctrl-C does, and who logs.
#![expect(
    unsafe_code,
    reason = "to put back what a signal does is unsafe in every crate that can"
)]

use std::sync::{Mutex, PoisonError};

/// Does what lets goose set up something of its own for the whole process, and leaves that as it is.
pub(in crate::drive) fn untouched<T>(set_up: impl FnOnce() -> T) -> T {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let alone = ONE_AT_A_TIME.lock();
    let _alone = alone.unwrap_or_else(PoisonError::into_inner);
    keep_ctrl_c();
    // Where nobody logs, it stays so: goose's logger, which prints, finds that there is one. Where there is one, this does nothing.
    log::set_logger(log::logger()).ok();
    let level = log::max_level();
    let done = set_up();
    log::set_max_level(level);
    done
}

/// Goose asks a library for Ctrl-C that gives it away once in a process. It is taken here, to do nothing, and what Ctrl-C did before
/// is put back.
#[cfg(unix)]
fn keep_ctrl_c() {
    use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
    use std::sync::Once;

    static KEPT: Once = Once::new();
    KEPT.call_once(|| {
        let nothing = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
        // SAFETY: nothing is called when the signal comes.
        let Ok(before) = (unsafe { sigaction(Signal::SIGINT, &nothing) }) else {
            return;
        };
        // An error says that the process has asked this library itself: then goose cannot.
        ctrlc::set_handler(|| {}).ok();
        // SAFETY: it was in force until just now, set by somebody who answers for it.
        let _put_back = unsafe { sigaction(Signal::SIGINT, &before) };
    });
}

#[cfg(not(unix))]
fn keep_ctrl_c() {}
