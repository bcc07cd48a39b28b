//! Where lanes put their samples. Each lane fills batches of its own and gets them back empty: on the sending path nothing
//! is shared, and nothing allocates or waits.

use super::row::Row;
use super::writer::{Batch, Message};
use super::{Sample, Stage};
use crate::sample::Sink;
use crate::units::Offset;
use std::mem;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// Rows of a batch: 0.9 MiB.
pub(super) const ROWS: usize = 4096;
/// Batches of a lane. Together they carry it over 2 s at 30,000 requests a second while the disk does nothing.
pub(super) const BATCHES: usize = 16;

/// One stage's place in an archive.
#[derive(Debug)]
pub struct StageIntake {
    messages: Sender<Message>,
    start: Offset,
    end: Offset,
}

impl StageIntake {
    pub(super) fn begin(
        messages: &Sender<Message>,
        stage: Stage,
        start: Offset,
        end: Offset,
    ) -> Self {
        // A writer that is gone is told of when the stage is over.
        messages.send(Message::Stage(stage)).ok();
        Self {
            messages: messages.clone(),
            start,
            end,
        }
    }

    /// A sink for the lane of this number. Takes its memory now, about 14 MiB.
    pub fn feed(&self, lane: usize) -> Feed {
        let (give_back, empty) = channel();
        for _ in 1..BATCHES {
            // The other end is ours.
            give_back.send(Vec::with_capacity(ROWS)).ok();
        }
        Feed {
            lane,
            start: self.start,
            end: self.end,
            rows: Vec::with_capacity(ROWS),
            lost: 0,
            empty,
            give_back,
            messages: self.messages.clone(),
        }
    }

    /// Waits until everything is written that feeds of this stage took before they were dropped, and says what of the
    /// archive is missing so far, if anything is.
    pub async fn ended(self) -> Option<String> {
        let (answer, told) = oneshot::channel();
        // A writer that is gone drops the question, too.
        self.messages.send(Message::StageEnded(answer)).ok();
        told.await
            .unwrap_or_else(|_| Some(super::Error::Died.to_string()))
    }
}

/// Takes one lane's samples of a stage. What it holds when it is dropped is written, too.
#[derive(Debug)]
pub struct Feed {
    lane: usize,
    start: Offset,
    end: Offset,
    rows: Vec<Row>,
    /// Samples for which there was no room.
    lost: u64,
    empty: Receiver<Vec<Row>>,
    give_back: Sender<Vec<Row>>,
    messages: Sender<Message>,
}

impl Sink for Feed {
    fn take(&mut self, sample: &Sample<'_>) {
        if self.rows.len() == ROWS && !self.hand_in() {
            self.lost += 1;
            return;
        }
        let measured = self.start <= sample.scheduled && sample.scheduled < self.end;
        self.rows.push(Row::of(sample, self.lane, measured));
    }

    fn measure_ended(&mut self, at: Offset) {
        self.end = self.end.min(at);
    }
}

impl Feed {
    /// Hands the batch in, if there is another one to go on with.
    fn hand_in(&mut self) -> bool {
        let Ok(empty) = self.empty.try_recv() else {
            return false;
        };
        let rows = mem::replace(&mut self.rows, empty);
        self.send(rows);
        true
    }

    fn send(&mut self, rows: Vec<Row>) {
        let batch = Batch {
            rows,
            lost: mem::take(&mut self.lost),
            give_back: self.give_back.clone(),
        };
        // A writer that is gone is told of when the stage is over.
        self.messages.send(Message::Rows(batch)).ok();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let rows = mem::take(&mut self.rows);
        self.send(rows);
    }
}
