"""A dataset is a function of its settings: split fairly, standardised with training rows, kept by content."""

import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.codec import CodecError
from engine.config import ConfigError
from engine.config.data import BUNDLED_ROWS, REGRESSION_DATASETS, SYNTHETIC_DATASETS, DataSettings
from engine.data.dataset import (
    Dataset,
    build_dataset,
    content_id,
    dataset_from_bytes,
    dataset_to_bytes,
)
from engine.data.split import split_rows

NAMES = [*SYNTHETIC_DATASETS, *BUNDLED_ROWS]
CLASSIFICATION = [name for name in NAMES if name not in REGRESSION_DATASETS]


def build(name: str, **settings: Any) -> Dataset:
    return build_dataset(DataSettings.model_validate({"dataset": name, **settings}))


def raw(dataset: Dataset, x: np.ndarray) -> np.ndarray:
    return x * dataset.x_scale + dataset.x_mean


@pytest.mark.parametrize("name", NAMES)
def test_the_same_settings_give_the_same_bytes_and_another_seed_gives_others(name: str) -> None:
    first = dataset_to_bytes(build(name, data_seed=7))
    assert dataset_to_bytes(build(name, data_seed=7)) == first
    assert dataset_to_bytes(build(name, data_seed=8)) != first


@pytest.mark.parametrize("name", NAMES)
def test_training_rows_have_mean_zero_and_deviation_one_and_validation_rows_use_the_same_scale(
    name: str,
) -> None:
    dataset = build(name)
    varies = np.ptp(dataset.x_train, axis=0) > 0
    np.testing.assert_allclose(dataset.x_train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(dataset.x_train.std(axis=0)[varies], 1)
    np.testing.assert_array_equal(dataset.x_scale[~varies], 1)
    again = np.concatenate([raw(dataset, dataset.x_train), raw(dataset, dataset.x_val)])
    assert np.isfinite(again).all() and again.shape == (len(again), dataset.features)


def test_standardised_rows_lead_back_to_the_rows_of_the_table() -> None:
    from engine.data.bundled import bundled

    dataset, (x, y, *_) = build("wine"), bundled("wine")
    rows = np.concatenate([raw(dataset, dataset.x_train), raw(dataset, dataset.x_val)])
    labels = np.concatenate([dataset.y_train, dataset.y_val])
    table = np.column_stack([x, y])
    found = np.column_stack([rows, labels])
    np.testing.assert_allclose(found[np.lexsort(found.T)], table[np.lexsort(table.T)], rtol=1e-12)


@pytest.mark.parametrize("name", CLASSIFICATION)
@pytest.mark.parametrize("fraction", [0.05, 0.25, 0.33, 0.9])
def test_each_class_keeps_its_share_within_one_row(name: str, fraction: float) -> None:
    dataset = build(name, validation_fraction=fraction)
    held = np.bincount(dataset.y_val, minlength=dataset.classes)
    total = held + np.bincount(dataset.y_train, minlength=dataset.classes)
    assert (np.abs(held - total * fraction) < 1).all()
    assert len(dataset.y_val) == round(total.sum() * fraction)


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=200),
    st.floats(0, 0.95),
    st.integers(0, 2**32 - 1),
)
def test_a_split_loses_no_row_and_repeats_none(labels: list[int], held_out: float, seed: int) -> None:
    classes = np.array(labels)
    kept, held = split_rows(classes, held_out, np.random.default_rng(seed))
    assert sorted([*kept, *held]) == list(range(len(labels)))
    exact = np.array([np.sum(classes == c) * held_out for c in np.unique(classes)])
    taken = np.array([np.sum(classes[held] == c) for c in np.unique(classes)])
    assert (np.abs(taken - exact) <= 1).all()
    assert len(held) == max(round(len(labels) * held_out), int(held_out > 0))


def test_even_the_smallest_share_of_few_rows_leaves_something_to_validate_on() -> None:
    dataset = build("moons", samples=10, validation_fraction=0.05)
    assert (len(dataset.x_train), len(dataset.x_val)) == (9, 1)


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_label_noise_changes_its_share_of_training_labels_and_nothing_else(name: str) -> None:
    clean, noisy = build(name), build(name, label_noise=0.3)
    wrong = clean.y_train != noisy.y_train
    assert wrong.sum() == round(0.3 * len(clean.y_train))
    assert set(np.unique(noisy.y_train)) <= set(range(clean.classes))
    for same in ("x_train", "x_val", "y_val", "x_mean", "x_scale"):
        np.testing.assert_array_equal(getattr(noisy, same), getattr(clean, same))


def test_wrong_targets_of_a_regression_stay_in_the_range_of_the_right_ones() -> None:
    clean, noisy = build("sine", noise=0.0), build("sine", noise=0.0, label_noise=0.5)
    wrong = (clean.y_train != noisy.y_train).ravel()
    assert wrong.sum() == round(0.5 * len(wrong))
    assert noisy.y_train.min() >= clean.y_train.min() and noisy.y_train.max() <= clean.y_train.max()
    np.testing.assert_array_equal(noisy.y_val, clean.y_val)


def test_noise_and_label_noise_leave_the_split_alone() -> None:
    plain, changed = build("digits"), build("digits", noise=0.5, label_noise=0.2)
    np.testing.assert_array_equal(plain.y_val, changed.y_val)


def test_feature_noise_on_a_table_is_measured_in_deviations_of_each_feature() -> None:
    plain, noisy = build("wine", noise=0.0), build("wine", noise=0.5)
    moved = raw(noisy, noisy.x_train) - raw(plain, plain.x_train)
    np.testing.assert_allclose(moved.std(axis=0) / raw(plain, plain.x_train).std(axis=0), 0.5, rtol=0.35)


def test_fewer_rows_of_a_table_keep_the_shares_of_its_classes() -> None:
    whole, part = build("digits"), build("digits", samples=300)
    shares = [
        np.bincount(np.concatenate([each.y_train, each.y_val])) / (len(each.y_train) + len(each.y_val))
        for each in (whole, part)
    ]
    assert len(part.y_train) + len(part.y_val) == 300
    np.testing.assert_allclose(shares[1], shares[0], atol=1 / 300)


def test_more_rows_than_a_table_has_are_refused_in_one_sentence() -> None:
    with pytest.raises(ConfigError, match=r"^samples must be <= 1797 for digits, got 5000$"):
        build("digits", samples=5000)


@pytest.mark.parametrize("name", NAMES)
def test_a_dataset_read_back_is_the_dataset_that_was_stored(name: str) -> None:
    dataset = build(name)
    blob = dataset_to_bytes(dataset)
    again = dataset_from_bytes(blob)
    for key, value in vars(dataset).items():
        np.testing.assert_array_equal(getattr(again, key), value, strict=isinstance(value, np.ndarray))
    assert dataset_to_bytes(again) == blob
    assert content_id(blob) == hashlib.sha256(blob).hexdigest()


def test_damaged_bytes_are_refused() -> None:
    blob = bytearray(dataset_to_bytes(build("moons")))
    blob[-1] ^= 1
    with pytest.raises(CodecError):
        dataset_from_bytes(bytes(blob))


def test_shapes_and_types_are_those_that_training_reads() -> None:
    moons, sine = build("moons"), build("sine")
    assert (moons.task, moons.classes, moons.features) == ("classification", 2, 2)
    assert (sine.task, sine.classes, sine.features) == ("regression", 0, 1)
    assert moons.y_train.dtype == np.int64 and moons.y_train.ndim == 1
    assert sine.y_train.dtype == np.float64 and sine.y_train.shape == (300, 1)
    assert moons.x_train.dtype == np.float64


@pytest.mark.parametrize("name", NAMES)
def test_a_smaller_share_of_the_training_rows_lies_within_a_larger_one_with_the_same_targets(
    name: str,
) -> None:
    large, small = (build(name, label_noise=0.3, train_fraction=share) for share in (0.6, 0.2))
    rows = len(small.x_train)
    assert rows == round(len(build(name).x_train) * 0.2)
    np.testing.assert_allclose(raw(small, small.x_train), raw(large, large.x_train)[:rows], atol=1e-9)
    np.testing.assert_array_equal(small.y_train, large.y_train[:rows])
    assert small.class_names == large.class_names
    np.testing.assert_allclose(small.x_train.mean(axis=0), 0, atol=1e-12)


def test_a_share_of_the_training_rows_is_one_row_or_more() -> None:
    assert len(build("moons", samples=10, train_fraction=0.001).x_train) == 1
