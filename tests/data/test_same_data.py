"""The numbers of the built-in toys and of every split are those of every version before: runs rely on it."""

import numpy as np
import pytest

from engine.config import parse_config
from engine.data.dataset import build_dataset
from engine.data.grid import MARGIN, grid_over
from engine.data.split import group_parts, time_parts
from engine.data.synthetic import SYNTHETIC

# Of 50 rows with noise 0.3, a fifth held out for tests: the sum of each element times its place from 1.
SUMS = {
    "moons": (234.811, 62.2502, 1.05264, 178, 44),
    "circles": (-181.411, -48.4794, -24.4272, 178, 44),
    "xor": (1.20361, 71.6864, -48.5768, 202, 44),
    "blobs": (129.368, -4.15118, -11.9731, 596, 129),
    "spiral": (17.31, -65.2837, -95.1764, 178, 44),
    "spiral3": (-86.5074, -46.6971, -88.1784, 437, 86),
    "sine": (-47.4516, 31.8815, -0.766799, -16.6302, -37.6999),
    "plane": (-29.7076, -23.1771, -109.952, -9.12535, -9.95707),
}


def weighted(values: np.ndarray) -> float:
    return float(values.astype(np.float64).ravel() @ np.arange(1, values.size + 1))


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_toy_has_the_rows_that_it_always_had(name: str) -> None:
    settings = {"dataset": name, "samples": 50, "noise": 0.3, "test_fraction": 0.2}
    dataset = build_dataset(parse_config(settings))
    assert (len(dataset.x_train), len(dataset.x_val), len(dataset.x_test)) == (28, 12, 10)
    parts = (dataset.x_train, dataset.x_val, dataset.x_test, dataset.y_train, dataset.y_val)
    np.testing.assert_allclose([weighted(part) for part in parts], SUMS[name], rtol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_of_equal_groups_each_side_gets_its_share_in_whole_groups(seed: int) -> None:
    groups = np.repeat(np.arange(10), 7)
    for shares, counts in (((0.2, 0.0), (8, 2, 0)), ((0.1, 0.3), (6, 1, 3)), ((0.01, 0.01), (8, 1, 1))):
        parts = group_parts(groups, shares, np.random.default_rng(seed))
        assert tuple(len(np.unique(groups[part])) for part in parts) == counts
        assert tuple(len(part) for part in parts) == tuple(7 * count for count in counts)


def test_the_latest_rows_test_and_the_ones_before_them_validate_one_row_at_least() -> None:
    times = np.array([5, 1, 4, 2, 3, 9, 8, 7, 6, 0])
    for shares, sizes in (((0.2, 0.3), (5, 2, 3)), ((0.01, 0.01), (8, 1, 1)), ((0.3, 0.0), (7, 3, 0))):
        train, val, test = time_parts(times, shares, np.random.default_rng(0))
        assert (len(train), len(val), len(test)) == sizes
        assert [*sorted(times[train]), *times[val], *times[test]] == sorted(times)


def test_a_grid_reaches_a_share_of_the_spread_beyond_the_rows_on_both_sides() -> None:
    dataset = build_dataset(parse_config({"dataset": "moons", "samples": 60}))
    rows = np.concatenate([dataset.coordinates("training"), dataset.coordinates("validation")])
    for axis, values in zip(grid_over(dataset, 9).axes, rows.T, strict=True):
        room = MARGIN * np.ptp(values)
        assert (axis[0], axis[-1], len(axis)) == (
            pytest.approx(values.min() - room, rel=1e-5),
            pytest.approx(values.max() + room, rel=1e-5),
            9,
        )


@pytest.mark.parametrize(
    ("name", "has_plane"),
    [("moons", True), ("spiral3", True), ("sine", True), ("plane", True), ("iris", False), ("wine", False)],
)
def test_only_two_coordinates_or_a_curve_of_one_value_can_be_drawn(name: str, has_plane: bool) -> None:
    assert build_dataset(parse_config({"dataset": name})).has_plane is has_plane
