"""Many classes, unlike widths, no and two hundred hidden layers, a million units: all of it trains."""

from typing import Any

import numpy as np
import pytest

from engine.analysis.predictions import mistakes
from engine.analysis.profile import Profiler
from engine.config import RunConfig, parse_config
from engine.config.resolve import resolve
from engine.data.dataset import Dataset, build_dataset
from engine.data.reading import read_table
from engine.replay.frames import FrameRenderer
from engine.replay.scene import output_side
from engine.store.records import read_series
from engine.store.runs import get_run, load_run
from engine.store.snapshots import read_snapshots
from engine.training.evaluation import evaluate_all, fixed_rows
from engine.training.model import build_network, initial_state, predict
from engine.training.plan import check_memory, plan, rows_at_once
from engine.training.telemetry import LAYER_INDEX
from engine.training.trainer import final_summary, train


def run(steps: int = 3, **settings: Any) -> tuple[RunConfig, Dataset, Any]:
    """Train for some steps; return configuration, data and state."""
    config = parse_config({"samples": 60, "epochs": 3, **settings})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    state = initial_state(config, dataset)
    for _ in train(config, dataset, state):
        if state.step >= steps:
            break
    return config, dataset, state


def many_classes(classes: int = 200, rows: int = 2000) -> Dataset:
    generator = np.random.default_rng(0)
    lines = ["a,b,kind"]
    for row in range(rows):
        kind = row % classes
        a, b = kind % 20 + generator.normal(0, 0.2), kind // 20 + generator.normal(0, 0.2)
        lines.append(f"{a:.3f},{b:.3f},kind {kind}")
    config = parse_config({"dataset": "table", "table": "0" * 64, "target": "kind"})
    return build_dataset(config, read_table("\n".join(lines).encode()))


def test_two_hundred_classes_of_text_are_learned_and_told_apart() -> None:
    dataset = many_classes()
    settings = {"hidden_sizes": [64, 32], "epochs": 15, "learning_rate": 0.03}
    config = resolve(parse_config(settings), dataset.facts)
    state = initial_state(config, dataset)
    for _ in train(config, dataset, state):
        pass
    assert (
        dataset.classes == 200 and final_summary(config, dataset, state)["val_accuracy"] > 0.2
    )  # chance: 0.005
    found = mistakes(config, dataset, state.learned)
    assert found.confusion.shape == (200, 200) and found.confusion.sum() == len(dataset.y_val)


def test_more_classes_than_a_plane_has_colours_are_drawn_as_a_table_of_confusion() -> None:
    dataset = many_classes()
    config = resolve(parse_config({"hidden_sizes": [8]}), dataset.facts)
    assert not dataset.has_plane and many_classes(60, 600).has_plane
    camera = FrameRenderer(config, dataset)
    assert camera.scene.kind == "none"
    assert "output" not in camera.frame(initial_state(config, dataset).learned)
    assert len(camera.scene.facts(dataset)["outputNames"]) == 8


def test_sixty_classes_in_a_plane_keep_a_shade_for_how_sure_they_are() -> None:
    dataset = many_classes(60, 600)
    config = resolve(parse_config({"hidden_sizes": [8]}), dataset.facts)
    theta = initial_state(config, dataset).theta
    camera = FrameRenderer(config, dataset)
    assert camera.scene.grid is not None
    predicted = predict(config, dataset, {"theta": theta}, camera.scene.grid.points)
    frame = camera.frame({"theta": theta})
    np.testing.assert_array_equal(frame["output"] // 4, predicted.argmax(axis=1))


def test_each_layer_may_have_a_width_of_its_own() -> None:
    config, dataset, state = run(hidden_sizes=[3, 17, 1, 40])
    network = build_network(config, dataset)
    assert network.sizes == (2, 3, 17, 1, 40, 1) and len(state.theta) == plan(config, dataset).parameters
    assert np.isfinite(state.theta).all()


def test_no_hidden_layer_is_a_linear_model() -> None:
    config, dataset, state = run(depth=0, dataset="plane", dtype="float64")
    weight, bias = state.theta[:2], state.theta[2]
    predicted = predict(config, dataset, state.learned, dataset.x_val)
    np.testing.assert_allclose(predicted[:, 0], dataset.x_val @ weight + bias)


@pytest.mark.parametrize("depth", [0, 200])
def test_a_run_of_any_depth_is_stored_layer_by_layer_and_every_reader_copes(store, trained, depth) -> None:
    run_id = trained(hidden_sizes=[4] * depth, epochs=2, activation="relu", normalization="layer")
    assert get_run(store, run_id).status == "finished"
    series = read_series(store, run_id)
    norms = series.layers[:, :, LAYER_INDEX["grad_norm"]]
    assert norms.shape[1] == depth + 1 and np.isfinite(norms[-1]).all()
    config, dataset = load_run(store, run_id)
    snapshots = read_snapshots(store, run_id)
    camera, profiler = FrameRenderer(config, dataset), Profiler(config, dataset)
    for learned in snapshots.values():
        assert len(camera.frame(learned)["profile"]) == depth + 1
    profile = profiler.at(next(iter(snapshots.values()))["theta"])
    assert len(profile.gradients) == len(profile.activations) == depth + 1
    assert len(camera.scene.layers) == min(depth, 6) + 2


def test_a_layer_of_a_million_units_on_two_inputs_is_admitted_with_the_settings_of_the_form() -> None:
    config = parse_config({"hidden_sizes": [1_000_000]})
    dataset = build_dataset(config)
    planned = plan(resolve(config, dataset.facts), dataset)
    assert planned.parameters == 4_000_001 and planned.bytes_needed < 2.5e9
    check_memory(planned, 8 * 2**30)


def test_wide_networks_are_measured_and_asked_in_parts_that_fit() -> None:
    assert rows_at_once((2, 16, 16, 1)) == 2048
    assert rows_at_once((2, 1_000_000, 1)) == 33
    assert rows_at_once((2, *[10_000_000] * 8, 1)) == 1


def test_a_wide_network_is_drawn_at_fewer_places() -> None:
    assert (output_side((16, 16)), output_side((1_000_000,))) == (64, 24)


def test_parts_add_up_to_the_loss_of_all_rows(monkeypatch) -> None:
    config, dataset, state = run(dtype="float64")
    network = build_network(config, dataset)
    network.parameters.theta[...] = state.theta
    rows, _ = fixed_rows(config, dataset)
    whole = evaluate_all(network, rows)
    monkeypatch.setattr("engine.training.plan.CELLS_AT_ONCE", 250)
    assert rows_at_once(network.sizes) == 7
    np.testing.assert_allclose(evaluate_all(network, rows), whole, rtol=1e-12)
    parted = predict(config, dataset, state.learned, dataset.x_val)
    monkeypatch.undo()
    np.testing.assert_allclose(parted, predict(config, dataset, state.learned, dataset.x_val), rtol=1e-12)


def test_a_wide_network_takes_a_few_steps_and_a_picture_within_its_estimate() -> None:
    config, dataset, state = run(hidden_sizes=[30_000], batch_size=4, steps=2)
    assert np.isfinite(state.theta).all()
    frame = FrameRenderer(config, dataset).frame(state.learned)
    assert np.isfinite(frame["profile"]).all() and len(frame["output"]) == 64 * 64
