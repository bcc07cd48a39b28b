//! What the lanes of a stage hand over when it is done, added up.

use super::LaneSink;
use crate::drive::LaneRecord;
use crate::observe::Usage;
use crate::summary::{ClientCounts, Recorders};
use std::time::Duration;

/// What the lanes of a stage recorded, together.
pub(super) struct Lanes {
    pub(super) recorders: Recorders,
    pub(super) usage: Usage,
    pub(super) client: ClientCounts,
    pub(super) count: usize,
    pub(super) measured: Duration,
}

impl Lanes {
    /// Adds up what each lane handed over.
    pub(super) fn joined(recorders: Recorders, records: Vec<LaneRecord<LaneSink>>) -> Self {
        let mut lanes = Self {
            recorders,
            usage: Usage::default(),
            client: ClientCounts::default(),
            count: records.len(),
            measured: Duration::ZERO,
        };
        for (index, record) in records.into_iter().enumerate() {
            // What the lane's feed still holds is handed in as it is dropped.
            let (recorders, _) = record.sink;
            lanes.recorders.merge(recorders);
            lanes.measured = lanes.measured.max(record.measured);
            (lanes.usage, lanes.client) = if index == 0 {
                (record.usage, record.client)
            } else {
                (lanes.usage + record.usage, lanes.client.and(record.client))
            };
        }
        lanes
    }
}
