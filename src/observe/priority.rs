//! How much a thread may be in the way of others.

/// Puts the thread behind others from here on, where the system knows priorities of threads: for work that is no part of what
/// is measured. What cannot be changed stays as it is.
pub(crate) fn stand_back() {
    #[cfg(target_os = "linux")]
    {
        /// Others get three times as much. At the lowest priority it would hardly get on beside a busy machine's other work.
        const BEHIND: i32 = 5;
        // Without the right to, the thread is as important as any.
        rustix::process::setpriority_process(Some(rustix::thread::gettid()), BEHIND).ok();
    }
}
