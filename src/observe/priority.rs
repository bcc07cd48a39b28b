//! How much a thread may be in the way of others.

/// Lets every other thread go first from here on, where the system knows priorities of threads: for work that is no part of
/// what is measured. What cannot be changed stays as it is.
pub(crate) fn stand_back() {
    #[cfg(target_os = "linux")]
    {
        /// The lowest: others get 70 times as much.
        const LOWEST: i32 = 19;
        // Without the right to, the thread is as important as any.
        rustix::process::setpriority_process(Some(rustix::thread::gettid()), LOWEST).ok();
    }
}
