"""A network may predict several columns together: each standardised, scored and written on its own."""

import csv
import io
import shlex
from typing import Any

import numpy as np
import pytest
from sklearn import datasets
from sklearn.metrics import r2_score

from engine.config import ConfigError, parse_config
from engine.config.resolve import resolve
from engine.config.text import command_line, value_from_text
from engine.data.baselines import compute_baselines
from engine.data.columns import targets_of
from engine.data.dataset import Dataset, build_dataset, dataset_from_bytes, dataset_to_bytes
from engine.data.inspection import inspect_table
from engine.data.reading import read_table
from engine.data.table import Table
from engine.store.checkpoints import latest_checkpoint
from engine.store.datasets import dataset_for, predict_file
from engine.store.files import keep_file
from engine.store.lease import claim, new_owner
from engine.store.runs import load_run
from engine.store.submit import submit_one
from engine.training.model import initial_state, network_sizes, predict
from engine.training.trainer import final_summary, train
from engine.workers.session import train_claimed

TARGETS = ["money", "share", "count"]


def content(rows: int = 160) -> bytes:
    generator = np.random.default_rng(0)
    lines = ["a,b,money,share,count,word"]
    for row in range(rows):
        a, b = generator.normal(size=2)
        share = "" if row % 20 == 0 else f"{1e-3 * a * b:.7f}"
        lines.append(f"{a:.5f},{b:.5f},{1e6 * (a + b):.2f},{share},{round(3 * b)},{'x' if a > 0 else 'y'}")
    return "\n".join(lines).encode()


def table(rows: int = 160) -> Table:
    return read_table(content(rows))


def config(**settings: Any):
    return parse_config({"dataset": "table", "table": "0" * 64, "target": TARGETS, **settings})


def build(**settings: Any) -> Dataset:
    return build_dataset(config(**settings), table())


def test_each_target_is_an_output_of_its_own_scale_and_rows_without_one_are_left_out() -> None:
    dataset = build(columns=["a", "b"])
    assert (dataset.task, dataset.target_names) == ("regression", tuple(TARGETS))
    assert len(dataset.x_train) + len(dataset.x_val) == 152
    assert network_sizes(config(), dataset) == (2, 16, 16, 3)
    learned = dataset.learned_targets(dataset.y_train)
    np.testing.assert_allclose(learned.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(learned.std(axis=0), 1)
    assert dataset.y_scale[0] / dataset.y_scale[1] > 1e8


def test_targets_are_no_inputs_unless_they_are_named_and_that_is_refused() -> None:
    assert build().feature_names == ("a", "b", "word=x", "word=y")
    with pytest.raises(ConfigError, match=r"^columns must not hold the target, got 'share'$"):
        build(columns=["a", "share"])


def test_a_list_of_one_name_is_that_name_and_few_whole_numbers_are_classes_only_alone() -> None:
    assert config(target=["count"]) == config(target="count")
    assert targets_of(table(), config(target="count", columns=["a"])).task == "regression"
    few = read_table(b"a,b,c\n" + b"".join(b"%d,%d,%d.5\n" % (i, i % 3, i) for i in range(30)))
    assert targets_of(few, config(target="b")).task == "classification"
    assert targets_of(few, config(target=["b", "c"])).task == "regression"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"target": ["money", "word"]},
            "target must name columns of numbers where it names several, got text in column 'word'",
        ),
        ({"target": ["money", "mony"]}, "unknown column for target 'mony': did you mean 'money'?"),
        ({"target": ["money", "money"]}, "target must name each column once, got money, money"),
        ({"target": []}, "target must have at least 1 entry, got 0"),
        ({"target": ["money", ""]}, "target must be a name that is not empty, got ''"),
        ({"target": ["a"] * 101}, "target must have at most 100 entries, got 101"),
        ({"target": 5}, "target must be text or a list, got 5"),
        ({"dataset": "moons", "table": None}, "target applies only with dataset table, got dataset moons"),
    ],
)
def test_targets_that_cannot_be_used_are_refused_in_one_sentence(settings, sentence) -> None:
    with pytest.raises(ConfigError) as refused:
        build(**settings)
    assert str(refused.value).startswith(sentence) and "\n" not in str(refused.value)


def test_a_target_that_never_varies_is_refused_beside_others_too() -> None:
    constant = read_table(b"a,b,c\n" + b"".join(b"%d,1,%d\n" % (i % 7, i * i) for i in range(30)))
    with pytest.raises(ConfigError, match=r"^target must take at least 2 distinct values, got 1 in column"):
        build_dataset(config(target=["c", "b"]), constant)


def test_the_command_names_all_targets_as_one_line_of_csv() -> None:
    assert command_line(config()).endswith("--target money,share,count")
    quoted = command_line(config(target=["a, b", "c"])).partition("--target ")[2]
    assert value_from_text("target", shlex.split(quoted)[0]) == ["a, b", "c"]


def test_linnerud_is_scikit_learns_table_with_its_three_targets() -> None:
    expected: Any = datasets.load_linnerud()
    dataset = build_dataset(parse_config({"dataset": "linnerud", "test_fraction": 0.1}))
    assert dataset.target_names == ("Weight", "Waist", "Pulse")
    assert dataset.feature_names == ("Chins", "Situps", "Jumps")
    rows = np.concatenate(
        [
            np.column_stack([x * dataset.x_scale + dataset.x_mean, y])
            for x, y in (
                (dataset.x_train, dataset.y_train),
                (dataset.x_val, dataset.y_val),
                (dataset.x_test, dataset.y_test),
            )
        ]
    )
    whole = np.column_stack([expected.data, expected.target])
    np.testing.assert_allclose(rows[np.lexsort(rows.round(6).T)], whole[np.lexsort(whole.T)], rtol=1e-12)
    assert dataset_from_bytes(dataset_to_bytes(dataset)).target_names == dataset.target_names


@pytest.mark.parametrize("scale", ["on", "off"])
def test_r2_is_the_mean_over_the_outputs_as_scikit_learn_has_it_whatever_their_units(scale) -> None:
    chosen = parse_config(
        {
            "dataset": "linnerud",
            "batch_size": 5,
            "epochs": 20,
            "standardize_target": scale,
            "dtype": "float64",
        }
    )
    dataset = build_dataset(chosen)
    chosen = resolve(chosen, dataset.facts)
    state = initial_state(chosen, dataset)
    for _ in train(chosen, dataset, state):
        pass
    summary = final_summary(chosen, dataset, state)
    for name, x, y in (
        ("train", dataset.x_train, dataset.y_train),
        ("val", dataset.x_val, dataset.y_val),
    ):
        expected = r2_score(y, predict(chosen, dataset, state.learned, x))
        assert summary[f"{name}_r2"] == pytest.approx(expected, rel=1e-9)


def test_a_table_with_three_targets_trains_predicts_and_writes_a_column_for_each(store) -> None:
    table_id = keep_file(store, "mine.csv", content())
    chosen = config(table=table_id, columns=["a", "b"], epochs=60, test_fraction=0.2)
    run_id = submit_one(store, chosen, dataset_for(store, chosen))
    lease = claim(store, new_owner(), run_id)
    assert lease is not None and train_claimed(store, lease) == "finished"
    resolved, dataset = load_run(store, run_id)
    state = latest_checkpoint(store, run_id)[0]
    assert state is not None
    text, _ = predict_file(store, run_id, b"b,a\n0.5,1\n-1,0.25\n")
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0] == ["row", "prediction of money", "prediction of share", "prediction of count"]
    inputs = (np.array([[1, 0.5], [0.25, -1]]) - dataset.x_mean) / dataset.x_scale
    expected = predict(resolved, dataset, state.learned, inputs)
    np.testing.assert_allclose(np.array(lines[1:])[:, 1:].astype(float), expected)
    np.testing.assert_allclose(expected[:, 0], [1.5e6, -0.75e6], rtol=0.3)


def test_baselines_of_several_targets_are_scored_like_the_network() -> None:
    scores = compute_baselines(build(columns=["a", "b"]))
    assert scores["mean"]["val"] <= 0
    assert 0.5 < scores["linear"]["val"] < 0.75
    assert scores["gradient boosting"]["val"] > scores["mean"]["val"]


def test_an_inspection_looks_at_each_target() -> None:
    chosen = config(columns=["a", "b"])
    sentences = [finding.sentence for finding in inspect_table(table(), chosen)]
    assert any("'money', 'share', 'count': numbers, predicted together" in each for each in sentences)
    assert any("8 rows have an empty cell in a target and are skipped" in each for each in sentences)
    assert [name for name in TARGETS if any(f"target '{name}' is about" in each for each in sentences)] == [
        "money",
        "share",
    ]
    copied = inspect_table(
        read_table(b"a,b,c\n" + b"".join(b"%d,%d,%d.5\n" % (i * i, i % 17, i) for i in range(60))),
        config(target=["b", "c"], columns=["a"]),
    )
    leaks = [finding.sentence for finding in copied if finding.kind == "leak"]
    assert len(leaks) == 1 and leaks[0].startswith("column 'a' is almost identical to target 'c'")
