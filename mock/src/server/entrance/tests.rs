//! Accepting that fails.

use super::*;
use rustix::io::Errno;

/// How often it was tried, and how long it took, until connections could be accepted again after these failures.
async fn tried(failures: &[Errno]) -> (usize, Duration) {
    let start = Instant::now();
    let mut tries = 0;
    let mut left = failures.iter();
    first(|_| {
        tries += 1;
        Poll::Ready(left.next().map_or(Ok(()), |errno| Err((*errno).into())))
    })
    .await;
    (tries, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_lack_of_file_descriptors_is_waited_out_and_does_not_spin() {
    let failures = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];

    let tried = tried(&failures).await;

    assert_eq!(tried, (5, 4 * BREATHER));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_left_before_its_turn_keeps_nobody_waiting() {
    let tried = tried(&[Errno::CONNABORTED, Errno::CONNRESET]).await;

    assert_eq!(tried, (3, Duration::ZERO));
}
