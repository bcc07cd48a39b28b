//! Whether a quad was measured while the machine was taken away: the one disturbance that no arm can cause. How long anything
//! took is never a reason to leave a quad out, nor is other work on the machine, which both arms have their share of.

use crate::metric::Unit;
use crate::summary::RunSummary;

/// The share of a block's time that a hypervisor may give to other machines.
const MOST: f64 = 0.05;

/// Why the quad of these blocks counts for nothing, if it does.
pub(super) fn stolen(blocks: &[RunSummary; 4]) -> Option<String> {
    let stages = blocks.iter().flat_map(|run| &run.stages);
    let shares = stages.filter_map(|stage| stage.conditions.as_ref()?.steal);
    let most = shares.fold(0.0, f64::max);
    (most > MOST).then(|| {
        let share = Unit::Share.print(most);
        format!("a hypervisor gave the cores to other machines for {share} of a block")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    fn blocks(steal: Option<f64>) -> [RunSummary; 4] {
        let mut blocks = [(); 4].map(|()| fixture::single());
        for stage in &mut blocks[2].stages {
            let mut conditions = stage.conditions.unwrap_or_default();
            conditions.steal = steal;
            stage.conditions = Some(conditions);
        }
        blocks
    }

    #[test]
    fn a_quad_counts_unless_the_machine_was_taken_away() {
        assert_eq!(stolen(&blocks(None)), None);
        assert_eq!(stolen(&blocks(Some(0.05))), None);
        let told = "a hypervisor gave the cores to other machines for 12.0 % of a block";
        assert_eq!(stolen(&blocks(Some(0.12))).as_deref(), Some(told));
    }
}
