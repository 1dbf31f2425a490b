"""A table of one's own becomes a dataset: encoded with its training rows, split as asked, or refused."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import ConfigError, parse_config
from engine.config.resolve import resolve
from engine.data.columns import target_of, unusable
from engine.data.dataset import Dataset, build_dataset, dataset_from_bytes, dataset_to_bytes
from engine.data.encoding import encode, fit_encoding
from engine.data.reading import read_table
from engine.data.split import group_parts
from engine.data.table import Table
from engine.training.evaluation import columns, evaluate_all
from engine.training.model import build_network, initial_state, predict
from engine.training.trainer import final_summary, train

FILE = "0" * 64


def table(rows: int = 200, seed: int = 0) -> Table:
    generator = np.random.default_rng(seed)
    lines = ["id,a,gap,city,group,day,price,label"]
    for row in range(rows):
        a, city = generator.normal(), generator.choice(["Bonn", "Oslo", "Rome"])
        gap = "" if row % 10 == 0 else f"{generator.normal():.3f}"
        lines.append(
            f"{row},{a:.4f},{gap},{city},g{row % 7},2026-{1 + row % 12:02d}-01,"
            f"{1e6 * (a + 3):.1f},{'yes' if a > 0 else 'no'}"
        )
    return read_table("\n".join(lines).encode())


def build(source: Table | None = None, **settings: Any) -> Dataset:
    return build_dataset(config(**settings), source or table())


def config(**settings: Any):
    return parse_config({"dataset": "table", "table": FILE, "target": "label", **settings})


def rows_of(dataset: Dataset) -> np.ndarray:
    return np.concatenate([dataset.x_train, dataset.x_val, dataset.x_test]) * dataset.x_scale + dataset.x_mean


def test_numbers_are_standardised_with_training_rows_and_texts_are_0_and_1() -> None:
    dataset = build(columns=["a", "gap", "city"])
    assert dataset.feature_names == ("a", "gap", "city=Bonn", "city=Oslo", "city=Rome")
    np.testing.assert_allclose(dataset.x_train[:, :2].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(dataset.x_train[:, :2].std(axis=0), 1)
    assert set(np.unique(dataset.x_train[:, 2:])) == {0, 1}
    np.testing.assert_array_equal(rows_of(dataset)[:, 2:].sum(axis=1), 1)


def test_by_default_ids_constants_and_the_split_column_are_left_out() -> None:
    dataset = build(split="group", split_column="group")
    assert not {name for name in dataset.feature_names if name.startswith(("id", "group", "label"))}
    assert unusable(table().column("id")) and not unusable(table().column("a"))


def test_empty_numbers_take_the_median_of_the_training_rows() -> None:
    dataset = build(columns=["gap"])
    fill = dataset.encoding["columns"][0]["fill"]
    assert (np.abs(rows_of(dataset)[:, 0] - fill) < 1e-12).sum() >= 20


def test_rows_with_empty_cells_are_dropped_when_asked() -> None:
    kept = build(columns=["gap"], missing="drop")
    assert len(rows_of(kept)) == 180
    assert len(rows_of(build(columns=["a"], missing="drop"))) == 200


def test_values_never_seen_are_none_of_the_known_ones_and_empty_text_is_a_value() -> None:
    known = read_table(b"c,y\nred,1\nblue,2\n,3\n")
    encoding = fit_encoding(known.columns[:1], np.arange(3), "impute")
    new = read_table(b"c,y\ngreen,1\n,2\nred,3\n")
    np.testing.assert_array_equal(encode(encoding, new, np.arange(3)), [[0, 0, 0], [1, 0, 0], [0, 0, 1]])


def test_only_the_50_most_frequent_values_become_features() -> None:
    lines = [f"v{i},{i}" for i in range(60)] + ["v7,1"] * 5
    source = read_table(("c,y\n" + "\n".join(lines)).encode())
    encoding = fit_encoding(source.columns[:1], np.arange(source.rows), "impute")
    assert len(encoding["columns"][0]["values"]) == 50 and "v7" in encoding["columns"][0]["values"]


@pytest.mark.parametrize(
    ("cells", "task", "classes"),
    [
        (["b", "a", "b"], "classification", ("a", "b")),
        (["2", "0", "2"], "classification", ("0", "2")),
        (["0.5", "1.5", "0.5"], "regression", ()),
        ([str(i) for i in range(11)], "regression", ()),
    ],
)
def test_text_and_few_whole_numbers_are_classes_other_numbers_values(cells, task, classes) -> None:
    target = target_of(read_table(("y,z\n" + "\n".join(f"{c},1" for c in cells)).encode()).columns[0])
    assert (target.task, target.classes) == (task, classes)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"target": "lable"}, "unknown column for target 'lable': did you mean 'label'?"),
        ({"columns": ["a", "b"]}, "unknown column for columns 'b'"),
        ({"columns": ["a", "label"]}, "columns must not hold the target, got 'label'"),
        ({"columns": ["a", "a"]}, "columns must name at least one column, each once"),
        ({"columns": []}, "columns must name at least one column, each once"),
        (
            {"target": "id", "split": "time", "split_column": "city"},
            "split_column must hold numbers or dates",
        ),
        ({"split": "group", "split_column": "gap"}, "split_column must have no empty cells, got 20 in 'gap'"),
        ({"split": "group"}, "split_column must be given with split group, got none"),
        ({"split_column": "group"}, "split_column applies only with split group or time, got split random"),
        ({"samples": 5000}, "samples must be <= 200 rows that can be used, got 5000"),
        ({"test_fraction": 0.5, "validation_fraction": 0.5}, "must be <= 0.95"),
        ({"table": "../../etc/passwd"}, "table must be an id of 64 digits and letters a to f"),
        ({"table": None}, "table must be given with dataset table, got none"),
        ({"dataset": "moons"}, "applies only with dataset table, got dataset moons"),
    ],
)
def test_settings_that_do_not_fit_the_table_are_refused_in_one_sentence(settings, sentence) -> None:
    with pytest.raises(ConfigError) as refused:
        build(**settings)
    assert sentence in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b"a,label\n" + b"1,2\n2,2\n" * 20,
            "target must take at least 2 distinct values, got 1 in column 'label'",
        ),
        (b"a,label\n1,2\n2,3\n", "the table must have at least 10 rows that can be used, got 2"),
        (b"a,label\n" + b"1,2\n1,3\n" * 20, "the table must have at least one usable column"),
        (
            b"a,label\n" + b"".join(b"%d,t%d\n" % (i % 3, i) for i in range(1200)),
            "target must have at most 1000 classes, got 1,200 in column 'label'",
        ),
    ],
)
def test_a_table_without_anything_to_learn_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(ConfigError, match="^" + sentence):
        build(read_table(content))


@pytest.mark.parametrize("settings", [{}, {"split": "group", "split_column": "group"}])
def test_three_splits_lose_no_row_and_have_about_the_shares_asked_for(settings) -> None:
    dataset = build(validation_fraction=0.2, test_fraction=0.3, **settings)
    sizes = [len(dataset.x_train), len(dataset.x_val), len(dataset.x_test)]
    assert sum(sizes) == 200
    np.testing.assert_allclose(sizes, [100, 40, 60], atol=29 if settings else 0)


@pytest.mark.parametrize("name", ["moons", "sine", "wine"])
def test_a_test_split_leaves_the_validation_rows_of_every_dataset_alone(name: str) -> None:
    plain = build_dataset(parse_config({"dataset": name}))
    tested = build_dataset(parse_config({"dataset": name, "test_fraction": 0.2}))
    np.testing.assert_array_equal(plain.y_val, tested.y_val)
    total = len(plain.x_train) + len(plain.x_val)
    assert len(plain.x_test) == 0 and abs(len(tested.x_test) - 0.2 * total) <= 1


@given(st.lists(st.integers(0, 9), min_size=30, max_size=200), st.integers(0, 2**32 - 1), st.booleans())
def test_no_group_stands_on_two_sides(groups: list[int], seed: int, is_tested: bool) -> None:
    key = np.array([*groups, 97, 98, 99])
    parts = group_parts(key, (0.3, 0.2 if is_tested else 0.0), np.random.default_rng(seed))
    assert sorted(np.concatenate(parts)) == list(range(len(key)))
    sides = [set(key[part]) for part in parts]
    assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    assert sides[0] and sides[1] and bool(sides[2]) == is_tested


def test_a_group_that_validates_was_never_trained_on() -> None:
    dataset = build(columns=["group"], split="group", split_column="group", test_fraction=0.2)
    assert (dataset.x_train.sum(axis=1) == 1).all()
    assert not dataset.x_val.any() and not dataset.x_test.any()


def test_fewer_groups_than_sides_are_refused() -> None:
    source = read_table(
        b"g,a,label\n" + b"".join(b"%d,%d,%d\n" % (i % 2, i * i % 7, i % 2) for i in range(40))
    )
    with pytest.raises(ConfigError, match="split_column must hold at least 3 groups, got 2"):
        build(source, split="group", split_column="g", test_fraction=0.2)


@pytest.mark.parametrize("column", ["day", "id"])
def test_the_latest_rows_test_and_those_before_them_validate(column: str) -> None:
    source = table()
    settings = {"split": "time", "split_column": column, "test_fraction": 0.25, "validation_fraction": 0.25}
    dataset = build(source, columns=["id", "a"], **settings)
    ids = [
        x[:, 0] * dataset.x_scale[0] + dataset.x_mean[0]
        for x in (dataset.x_train, dataset.x_val, dataset.x_test)
    ]
    times = source.column(column)
    key = times.numbers if times.numbers is not None else times.text_codes
    when = [key[each.round().astype(int)] for each in ids]
    assert when[0].max() <= when[1].min() and when[1].max() <= when[2].min()


def test_a_target_in_millions_trains_and_is_predicted_in_its_own_units() -> None:
    chosen = config(target="price", columns=["a"], test_fraction=0.2, epochs=60)
    dataset = build_dataset(chosen, table())
    chosen = resolve(chosen, dataset.facts)
    state = initial_state(chosen, dataset)
    records = [record for record in train(chosen, dataset, state) if record is not None]
    summary = final_summary(chosen, dataset, state)
    assert records[0]["val_loss"] < 10 and summary["val_r2"] > 0.98 and summary["test_r2"] > 0.98
    predicted = predict(chosen, dataset, state.learned, dataset.x_test)
    assert np.abs(predicted - dataset.y_test).mean() < 0.2e6
    network = build_network(chosen, dataset)
    network.parameters.theta[...] = state.theta
    _, score = evaluate_all(network, columns(chosen, dataset, dataset.x_test, dataset.y_test))
    residual = np.square(predicted - dataset.y_test).sum()
    assert score == pytest.approx(
        1 - residual / np.square(dataset.y_test - dataset.y_test.mean()).sum(), abs=1e-6
    )


def test_a_dataset_of_a_table_read_back_is_the_one_that_was_stored() -> None:
    dataset = build(test_fraction=0.2)
    blob = dataset_to_bytes(dataset)
    again = dataset_from_bytes(blob)
    assert again.encoding == dataset.encoding and dataset_to_bytes(again) == blob
    np.testing.assert_array_equal(again.x_test, dataset.x_test)


def test_a_dataset_that_was_stored_before_there_were_tests_still_loads() -> None:
    from engine.codec import pack, unpack

    arrays, facts = unpack(dataset_to_bytes(build_dataset(parse_config({"dataset": "sine"}))))
    for name in ("x_test", "y_test", "y_mean", "y_scale"):
        del arrays[name]
    del facts["encoding"]
    old = dataset_from_bytes(pack(arrays, facts))
    assert len(old.x_test) == 0
    np.testing.assert_array_equal(old.learned_targets(old.y_val), old.y_val)
