//! Places on a grid of equal cells: 2.25 on a grid of 4 cells is in cell 2, a quarter of the way.

/// The cell that a place falls into, and how far into it, 0 to 1. What is outside the grid is moved to its edge; `cells`
/// is at least 1.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "no grid has 2^53 cells, and a float that becomes an integer saturates"
)]
pub(super) fn cell(place: f64, cells: usize) -> (usize, f64) {
    let place = place.clamp(0.0, cells as f64);
    let index = (place as usize).min(cells.saturating_sub(1));
    (index, place - index as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_cell_even_outside() {
        for (place, expected) in [
            (2.25, (2, 0.25)),
            (0.0, (0, 0.0)),
            (3.75, (3, 0.75)),
            (4.0, (3, 1.0)),
            (1e300, (3, 1.0)),
            (-1.0, (0, 0.0)),
        ] {
            let (index, t) = cell(place, 4);
            assert_eq!((index, t.to_bits()), (expected.0, f64::to_bits(expected.1)));
        }
    }
}
