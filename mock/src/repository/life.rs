//! The lives of all models, as a pure function of what was asked of them and when: no clock, no task, no waiting. Every
//! method takes the time, which never falls; what became due in between happened when it was due, so a model that waited
//! for a place to load in has been loading since that place was free, whether anybody looked or not.
//!
//! ```text
//! Unloaded -> Waiting -> Loading -> Loaded -> Draining -> Unloading -> Unloaded
//!                           |-> Failed
//! ```

use super::{Reason, State};
use crate::dice::Dice;
use crate::spec::{FailLoads, MockSpec};
use inferometer_proto::quantity::Size;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// All models and what they share.
#[derive(Debug)]
pub(super) struct Lives {
    models: Vec<Model>,
    /// The models that wait to be loaded, first come first.
    queue: VecDeque<usize>,
    memory: Option<u64>,
    concurrent_loads: usize,
    /// When the next model changes by itself.
    next: Option<Instant>,
}

#[derive(Debug)]
struct Model {
    size: u64,
    load_time: Duration,
    unload_time: Duration,
    fail_loads: FailLoads,
    dice: Dice,
    stage: Stage,
    /// Requests that it is answering; they let it drain before it is unloaded.
    in_flight: u64,
    /// How often its loading has begun.
    begun: u32,
    /// The last load that was asked for. Later callers join it as long as it has not ended.
    asked: Load,
    /// The last load that ended, and how.
    ended: (Load, Result<(), Ending>),
}

/// The number of a load among those of its model, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Load(u64);

/// Why a load did not make its model ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Failed(Reason),
    /// The model was unloaded before it was ready.
    Unloaded,
}

/// Where a model is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Unloaded,
    Waiting,
    Loading {
        until: Instant,
        fault: Option<Reason>,
    },
    Loaded,
    /// Unloading was asked for and begins with the end of its last request.
    Draining(Then),
    Unloading {
        until: Instant,
        then: Then,
    },
    Failed(Reason),
}

/// What follows when a model is unloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Rest,
    /// It was asked for again in the meantime.
    Load,
}

impl Lives {
    /// The models of a specification, in its order, at the time `now`.
    pub(super) fn new(spec: &MockSpec) -> Self {
        let seed = spec.seed.unwrap_or_default();
        let models = spec.models.iter().map(|model| Model {
            size: model.size.bytes(),
            load_time: spec.repository.load_time(model),
            unload_time: model.unload_time.duration(),
            fail_loads: model.fail_loads,
            dice: Dice::new(seed, &model.name),
            stage: if model.loaded {
                Stage::Loaded
            } else {
                Stage::Unloaded
            },
            in_flight: 0,
            begun: 0,
            asked: Load::default(),
            ended: (Load::default(), Ok(())),
        });
        let limit = spec.repository.concurrent_loads;
        Self {
            models: models.collect(),
            queue: VecDeque::new(),
            memory: spec.repository.memory.map(Size::bytes),
            concurrent_loads: limit
                .and_then(|limit| usize::try_from(limit).ok())
                .unwrap_or(usize::MAX),
            next: None,
        }
    }

    /// What one model can be seen to be.
    pub(super) fn state(&mut self, index: usize, now: Instant) -> State {
        self.advance(now);
        self.model(index).state()
    }

    /// Counts a request in, if the model can answer it.
    pub(super) fn enter(&mut self, index: usize, now: Instant) -> Result<(), State> {
        self.advance(now);
        let model = self.model(index);
        match model.state() {
            State::Loaded => {
                model.in_flight += 1;
                Ok(())
            }
            state @ (State::Unloaded | State::Loading | State::Unloading | State::Failed(_)) => {
                Err(state)
            }
        }
    }

    /// Counts out a request that was counted in. Says whether anything else changed by it.
    pub(super) fn leave(&mut self, index: usize, now: Instant) -> bool {
        let model = self.model(index);
        model.in_flight -= 1;
        if model.in_flight > 0 {
            return false;
        }
        let Stage::Draining(then) = model.stage else {
            return false;
        };
        self.advance(now);
        self.start_unloading(index, then, now);
        self.settle(now);
        true
    }

    /// Asks for a model to be loaded; `None` when it is loaded.
    pub(super) fn load(&mut self, index: usize, now: Instant) -> Option<Load> {
        self.advance(now);
        let model = self.model(index);
        match &mut model.stage {
            Stage::Loaded => return None,
            Stage::Waiting | Stage::Loading { .. } => return Some(model.asked),
            Stage::Draining(then) | Stage::Unloading { then, .. } => {
                if *then == Then::Rest {
                    *then = Then::Load;
                    model.asked.0 += 1;
                }
                return Some(model.asked);
            }
            Stage::Unloaded | Stage::Failed(_) => {
                model.stage = Stage::Waiting;
                model.asked.0 += 1;
            }
        }
        let asked = model.asked;
        self.queue.push_back(index);
        self.settle(now);
        Some(asked)
    }

    /// How a load ended, if it has: by itself, or by an unload.
    pub(super) fn outcome(
        &mut self,
        index: usize,
        load: Load,
        now: Instant,
    ) -> Option<Result<(), Ending>> {
        self.advance(now);
        let (ended, outcome) = self.model(index).ended;
        (ended >= load).then_some(outcome)
    }

    /// Asks for a model to be unloaded, in whatever state it is. A load that has not ended ends with it.
    pub(super) fn unload(&mut self, index: usize, now: Instant) {
        self.advance(now);
        let model = self.model(index);
        match &mut model.stage {
            Stage::Unloaded => return,
            Stage::Failed(_) => {
                model.stage = Stage::Unloaded;
                return;
            }
            Stage::Loaded if model.in_flight > 0 => {
                model.stage = Stage::Draining(Then::Rest);
                return;
            }
            Stage::Draining(then) | Stage::Unloading { then, .. } => {
                if *then == Then::Load {
                    *then = Then::Rest;
                    model.end(Err(Ending::Unloaded));
                }
                return;
            }
            Stage::Waiting => {
                model.stage = Stage::Unloaded;
                model.end(Err(Ending::Unloaded));
                self.queue.retain(|waiting| *waiting != index);
                return;
            }
            Stage::Loading { .. } => model.end(Err(Ending::Unloaded)),
            Stage::Loaded => {}
        }
        self.start_unloading(index, Then::Rest, now);
        self.settle(now);
    }

    /// When the next model changes by itself, if any is about to.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Makes happen, in order, what was due by `now`.
    fn advance(&mut self, now: Instant) {
        while let Some(due) = self.next.filter(|due| *due <= now) {
            for index in 0..self.models.len() {
                if self.model(index).due() == Some(due) {
                    self.finish(index);
                }
            }
            self.start_waiting(due);
            self.next = self.models.iter().filter_map(Model::due).min();
        }
    }

    /// Brings everything up to date after a change at `now`.
    fn settle(&mut self, now: Instant) {
        self.start_waiting(now);
        self.next = self.models.iter().filter_map(Model::due).min();
        self.advance(now);
    }

    /// What a model was about to become, it becomes.
    fn finish(&mut self, index: usize) {
        let model = self.model(index);
        match model.stage {
            Stage::Loading {
                fault: Some(reason),
                ..
            } => model.fail(reason),
            Stage::Loading { fault: None, .. } => {
                model.stage = Stage::Loaded;
                model.end(Ok(()));
            }
            Stage::Unloading {
                then: Then::Rest, ..
            } => model.stage = Stage::Unloaded,
            Stage::Unloading {
                then: Then::Load, ..
            } => {
                model.stage = Stage::Waiting;
                self.queue.push_back(index);
            }
            Stage::Unloaded
            | Stage::Waiting
            | Stage::Loaded
            | Stage::Draining(_)
            | Stage::Failed(_) => {}
        }
    }

    fn start_unloading(&mut self, index: usize, then: Then, now: Instant) {
        let model = self.model(index);
        model.stage = Stage::Unloading {
            until: now + model.unload_time,
            then,
        };
    }

    /// Starts loading whoever waits, as long as there is a place.
    fn start_waiting(&mut self, now: Instant) {
        let is_loading = |model: &&Model| matches!(model.stage, Stage::Loading { .. });
        while self.models.iter().filter(is_loading).count() < self.concurrent_loads {
            let Some(index) = self.queue.pop_front() else {
                return;
            };
            let free = self.free();
            let model = self.model(index);
            if model.size > free {
                model.fail(Reason::OutOfMemory {
                    needed: model.size,
                    free,
                });
                continue;
            }
            model.begun = model.begun.saturating_add(1);
            let struck = model.fail_loads.strike(model.begun, model.dice);
            model.stage = Stage::Loading {
                until: now + model.load_time,
                fault: struck.then_some(Reason::AsAsked { load: model.begun }),
            };
        }
    }

    /// The memory in bytes that no model takes.
    fn free(&self) -> u64 {
        let taken = self.models.iter().filter_map(|model| match model.stage {
            Stage::Loading { .. }
            | Stage::Loaded
            | Stage::Draining(_)
            | Stage::Unloading { .. } => Some(model.size),
            Stage::Unloaded | Stage::Waiting | Stage::Failed(_) => None,
        });
        self.memory
            .map_or(u64::MAX, |memory| taken.fold(memory, u64::saturating_sub))
    }

    fn model(&mut self, index: usize) -> &mut Model {
        self.models
            .get_mut(index)
            .unwrap_or_else(|| unreachable!("indices are those of the specification"))
    }
}

impl Model {
    fn state(&self) -> State {
        match self.stage {
            Stage::Unloaded => State::Unloaded,
            Stage::Waiting | Stage::Loading { .. } => State::Loading,
            Stage::Loaded => State::Loaded,
            Stage::Draining(_) | Stage::Unloading { .. } => State::Unloading,
            Stage::Failed(reason) => State::Failed(reason),
        }
    }

    /// When it changes by itself.
    fn due(&self) -> Option<Instant> {
        match self.stage {
            Stage::Loading { until, .. } | Stage::Unloading { until, .. } => Some(until),
            Stage::Unloaded
            | Stage::Waiting
            | Stage::Loaded
            | Stage::Draining(_)
            | Stage::Failed(_) => None,
        }
    }

    fn fail(&mut self, reason: Reason) {
        self.stage = Stage::Failed(reason);
        self.end(Err(Ending::Failed(reason)));
    }

    /// Tells whoever waits for the load that was asked for.
    fn end(&mut self, outcome: Result<(), Ending>) {
        self.ended = (self.asked, outcome);
    }
}
