"""Frames say in small integers what the network says: maps, units, weights, gradients, mistakes."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from engine.analysis.predictions import wrong
from engine.config import parse_config
from engine.config.resolve import resolve
from engine.data.dataset import build_dataset
from engine.data.grid import grid_over
from engine.replay.frames import GRADIENT_DECADES, FrameRenderer, layout, packed_frame
from engine.training.model import build_network, initial_state, predict, target_columns
from engine.training.telemetry import LAYER_INDEX
from engine.training.trainer import train


def shot(**settings: object) -> Any:
    """Return configuration, data, state after some training, camera and its frame there."""
    config = parse_config({"hidden_sizes": [5, 12], "samples": 120, "epochs": 3, **settings})
    dataset = build_dataset(config)
    config = resolve(config, dataset.facts)
    state = initial_state(config, dataset)
    records = [record for record in train(config, dataset, state) if record]
    camera = FrameRenderer(config, dataset)
    return config, dataset, state, camera, camera.frame(state.learned), records


def pictures(camera: FrameRenderer, frame: dict[str, Any]) -> list[tuple[Any, np.ndarray]]:
    """Return by shown layer with pictures their values as the browser reads them, (units, places)."""
    start, found = 0, []
    shown = [(layer, layer.tile) for layer in camera.scene.layers if layer.tile]
    for (layer, tile), reach in zip(shown, frame["unit_reach"], strict=True):
        size = layer.shown * tile[0] * tile[1]
        part = frame["units"][start : start + size].reshape(layer.shown, -1)
        found.append((layer, (part.astype(float) - 128) / 127 * reach))
        start += size
    assert start == len(frame["units"])
    return found


def test_the_boundary_map_is_what_predict_says_at_its_places() -> None:
    config, dataset, state, _camera, frame, _ = shot(dataset="moons")
    text = predict(config, dataset, state.learned, grid_over(dataset, 64).points)[:, 0]
    np.testing.assert_allclose(frame["output"] / 255, text, atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", ["sigmoid", "relu"], ["relu", "sigmoid"]])
def test_a_units_picture_is_its_activation_at_its_places(activation) -> None:
    config, dataset, state, camera, frame, _ = shot(dataset="moons", activation=activation)
    network = build_network(config, dataset)
    network.parameters.theta[...] = state.theta
    points = grid_over(dataset, camera.scene.layers[1].tile[1]).points
    network.outputs(points, block_rows=len(points))
    blocks = network.recording(len(points), training=False).arena.blocks
    for (layer, values), reach in zip(pictures(camera, frame)[:-1], frame["unit_reach"], strict=False):
        is_sigmoid = config.activations[layer.number - 1] == "sigmoid"
        centre = 0.5 if is_sigmoid else 0.0
        assert reach == 0.47 or not is_sigmoid
        expected = np.clip(blocks[f"a{layer.number}"].values[: layer.shown] - centre, -reach, reach)
        np.testing.assert_allclose(values, expected, atol=0.5 / 127 * reach + 1e-6)


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_a_normalised_network_is_shown_with_its_running_statistics_and_its_shift(normalization) -> None:
    config, dataset, state, _, frame, _ = shot(dataset="moons", normalization=normalization)
    text = predict(config, dataset, state.learned, grid_over(dataset, 64).points)[:, 0]
    np.testing.assert_allclose(frame["output"] / 255, text, atol=0.5 / 255 + 1e-6)
    assert len(frame["profile"]) == 3 and np.isfinite(frame["bias"]).all()


@pytest.mark.parametrize("dataset", ["circles", "plane"])
def test_a_network_that_reads_other_features_is_drawn_over_the_plane_all_the_same(dataset) -> None:
    names = ["x1_squared", "x2_squared", "sin_x1"]
    config, data, state, camera, frame, _ = shot(dataset=dataset, features=names)
    scene, grid = camera.scene, grid_over(data, 64)
    text = predict(config, data, state.learned, grid.points)[:, 0]
    low, high = (0.0, 1.0) if dataset == "circles" else scene.target_range
    expected = np.clip((text - low) / (high - low), 0, 1)
    np.testing.assert_allclose(frame["output"] / 255, expected, atol=0.5 / 255 + 1e-6)
    facts = scene.facts(data)
    assert (facts["names"], facts["axisNames"]) == (["x1²", "x2²", "sin x1"], ["x1", "x2"])
    assert [layer.size for layer in scene.layers] == [3, 5, 12, 1]
    across, up = facts["axes"]
    (a, b), (c, d) = ((axis[0], axis[-1]) for axis in grid.axes)
    np.testing.assert_allclose([*across, *up], [a, b, c, d])
    places = np.array(facts["points"][0]["places"]).T
    np.testing.assert_allclose(places, data.coordinates("training"), atol=5e-5)


def test_the_pictures_of_the_inputs_are_what_they_are_over_the_plane() -> None:
    _, data, _, camera, _, _ = shot(dataset="circles", features=["x1", "x1_times_x2"])
    inputs = camera.scene.facts(data)["inputs"]
    rows, columns = inputs["tile"]
    pictures = np.array(inputs["pictures"], float).reshape(2, rows, columns)
    points = grid_over(data, columns).points.T.reshape(2, rows, columns)
    for picture, values in zip(pictures, points, strict=True):
        np.testing.assert_allclose(
            (picture - 128) / 127, values / np.abs(values).max(), atol=0.5 / 127 + 1e-9
        )
    assert (pictures[0] == pictures[0][0]).all() and pictures[0][0, 0] < pictures[0][0, -1]


def test_a_curve_and_a_table_have_no_pictures_of_inputs() -> None:
    for name in ("sine", "wine"):
        _, data, _, camera, _, _ = shot(dataset=name)
        assert "inputs" not in camera.scene.facts(data)


def test_several_outputs_are_named_by_class_or_by_column() -> None:
    for settings, names in (
        ({"dataset": "linnerud", "samples": 20, "batch_size": 5}, ["Weight", "Waist", "Pulse"]),
        ({"dataset": "wine"}, ["class_0", "class_1", "class_2"]),
        ({"dataset": "moons"}, []),
        ({"dataset": "moons", "loss": "cross_entropy"}, ["0", "1"]),
    ):
        _, data, _, camera, _, _ = shot(**settings)
        assert camera.scene.facts(data)["outputNames"] == names


def test_units_asked_in_parts_say_what_they_say_at_once(monkeypatch) -> None:
    config, data, state, _, frame, _ = shot(dataset="moons", dtype="float64")
    monkeypatch.setattr("engine.training.plan.CELLS_AT_ONCE", 900)
    parted = FrameRenderer(config, data).frame(state.learned)
    for name in ("output", "wrong", "unit_reach"):
        np.testing.assert_allclose(parted[name], frame[name], atol=1)
    assert np.abs(parted["units"].astype(int) - frame["units"]).max() <= 1


def test_the_output_column_of_a_classifier_shows_probabilities() -> None:
    config, dataset, state, camera, frame, _ = shot(dataset="moons")
    layer, values = pictures(camera, frame)[-1]
    text = predict(config, dataset, state.learned, grid_over(dataset, layer.tile[1]).points)
    np.testing.assert_allclose(values + 0.5, text.T, atol=0.5 / 254 + 1e-6)


def test_three_classes_tell_the_class_and_how_surely() -> None:
    config, dataset, _state, _, _, _ = shot(dataset="moons")
    three = dataclasses.replace(dataset, class_names=("a", "b", "c"))
    config = resolve(parse_config({"hidden_sizes": [5], "loss": "cross_entropy"}), three.facts)
    theta = initial_state(config, three).theta
    frame = FrameRenderer(config, three).frame({"theta": theta})
    text = predict(config, three, {"theta": theta}, grid_over(three, 64).points)
    np.testing.assert_array_equal(frame["output"] // 85, text.argmax(axis=1))
    sure = (text.max(axis=1) - 1 / 3) * 1.5
    np.testing.assert_allclose(frame["output"] % 85 / 84, sure, atol=1 / 84 + 1e-6)


def test_the_points_decided_wrongly_are_marked_bit_by_bit() -> None:
    config, dataset, state, _camera, frame, _ = shot(dataset="moons", noise=0.6)
    bits = np.unpackbits(frame["wrong"], bitorder="little")[:120].astype(bool)
    sides = ((dataset.x_train, dataset.y_train), (dataset.x_val, dataset.y_val))
    expected = np.concatenate([wrong(predict(config, dataset, state.learned, x), y) for x, y in sides])
    assert expected.any() and not expected.all()
    np.testing.assert_array_equal(bits, expected)


def test_the_measures_are_those_of_the_curves_at_the_same_step() -> None:
    _, _, _, _, frame, records = shot(dataset="moons")
    names = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
    np.testing.assert_allclose(frame["measures"], [records[-1][name] for name in names], rtol=1e-6)


def test_the_profile_is_the_gradient_norm_of_the_training_loss_layer_by_layer() -> None:
    config, dataset, state, _camera, frame, _ = shot(dataset="sine", dropout=0.3)
    network = build_network(config, dataset)
    network.parameters.theta[...] = state.theta
    recording = network.gradient_recording(len(dataset.x_train))
    recording.x[...] = dataset.x_train.T
    recording.target[...] = target_columns(config, dataset, dataset.y_train)
    recording.tape.replay()
    norms = [np.linalg.norm(gradient) for gradient in network.parameters.gradients]
    np.testing.assert_allclose(frame["profile"], norms, rtol=1e-4)


def test_the_curve_of_a_regression_is_what_predict_says() -> None:
    config, dataset, state, _, frame, _ = shot(dataset="sine")
    text = predict(config, dataset, state.learned, grid_over(dataset, 128).points)
    np.testing.assert_allclose(frame["curve"], text[:, 0], rtol=1e-6)


def test_weights_drawn_between_columns_are_the_networks_own() -> None:
    config, dataset, state, camera, frame, _ = shot(dataset="moons")
    network = build_network(config, dataset)
    network.parameters.theta[...] = state.theta
    start = 0
    for (left, right), scale in zip(camera.scene.pairs, frame["scale"], strict=True):
        size = left.shown * right.shown
        drawn = frame["weights"][start : start + size].reshape(right.shown, left.shown) / 32767 * scale
        own = network.parameters.weights[right.number - 1][: right.shown, : left.shown]
        np.testing.assert_allclose(drawn, own, atol=scale / 32767)
        start += size
    assert start == len(frame["weights"])


def test_histograms_have_their_fullest_bin_at_255_and_vanished_gradients_at_the_left() -> None:
    _, _, _, camera, frame, _ = shot(dataset="moons", hidden_sizes=[4] * 9, activation="sigmoid")
    shown = len(camera.scene.layers) - 1
    for name in ("weight_counts", "gradient_counts"):
        assert (frame[name].reshape(shown, -1).max(axis=1) == 255).all()
    low, high = GRADIENT_DECADES
    fullest = frame["gradient_counts"].reshape(shown, -1).argmax(axis=1)
    decade = low + (high - low) * fullest / 28
    assert decade[0] < -5 < decade[-1]


def test_a_deep_network_shows_its_first_and_last_layers_and_no_weights_across_the_gap() -> None:
    _, _, _, camera, _, _ = shot(dataset="moons", hidden_sizes=[4] * 10)
    assert [layer.number for layer in camera.scene.layers] == [0, 1, 2, 3, 8, 9, 10, 11]
    assert (3, 8) not in [(left.number, right.number) for left, right in camera.scene.pairs]


def test_the_first_units_of_a_network_on_digits_show_their_weights_over_the_pixels() -> None:
    _, _dataset, state, camera, frame, _ = shot(dataset="digits", hidden_sizes=[10])
    assert camera.scene.kind == "none" and "output" not in frame
    ((_layer, values),) = pictures(camera, frame)
    own = state.theta[: 10 * 65].reshape(10, 65)[:8, :-1]
    np.testing.assert_allclose(values, own, atol=0.5 / 127 * frame["unit_reach"][0] + 1e-6)


@pytest.mark.parametrize("dataset", ["moons", "plane", "sine", "wine", "digits"])
def test_all_frames_of_a_run_are_laid_out_alike_even_when_weights_are_not_numbers(dataset) -> None:
    _, _, state, camera, frame, _ = shot(dataset=dataset)
    broken = camera.frame({"theta": np.full_like(state.theta, np.nan)})
    assert layout(broken) == layout(frame)
    assert len(packed_frame(broken)) == len(packed_frame(frame)) and len(packed_frame(frame)) % 4 == 0


def test_a_packed_frame_is_read_back_by_its_layout() -> None:
    _, _, _, _, frame, _ = shot(dataset="moons")
    blob, offset = packed_frame(frame), 0
    for name, kind, size in layout(frame):
        read = np.frombuffer(blob, f"<{kind}", size, offset)
        np.testing.assert_array_equal(read, frame[name].ravel())
        offset += read.nbytes


def test_two_hundred_frames_of_a_small_network_stay_below_three_megabytes() -> None:
    frame = shot(dataset="moons", hidden_sizes=[16, 16])[4]
    assert 200 * len(packed_frame(frame)) < 3e6


def test_the_gradients_of_drawn_edges_are_those_of_the_rows_that_the_profile_is_taken_on() -> None:
    _, _, _, camera, frame, _ = shot(dataset="moons", hidden_sizes=[5, 12])
    network, start = camera.network, 0
    for (left, right), scale in zip(camera.scene.pairs, frame["gradient_scale"], strict=True):
        size = right.shown * left.shown
        drawn = frame["gradients"][start : start + size].reshape(right.shown, left.shown) / 32767 * scale
        whole = network.parameters.gradients[right.number - 1][: right.shown, : left.shown]
        np.testing.assert_allclose(drawn, whole, atol=scale / 32767)
        assert scale == pytest.approx(np.abs(whole).max(), rel=1e-6)
        start += size
    assert start == len(frame["gradients"]) and frame["gradients"].any()


@pytest.mark.parametrize(("activation", "known"), [("relu", "active"), ("sigmoid", "saturated")])
def test_a_unit_says_how_often_it_is_active_or_saturated_where_its_activation_can_be_so(
    activation, known
) -> None:
    _, _, _, camera, frame, records = shot(dataset="moons", activation=activation)
    hidden = sum(layer.shown for layer in camera.scene.layers[1:-1])
    other = "saturated" if known == "active" else "active"
    assert np.isfinite(frame[known][:hidden]).all() and np.isnan(frame[known][hidden:]).all()
    assert np.isnan(frame[other]).all()
    place = LAYER_INDEX["dead_fraction" if known == "active" else "saturated_fraction"]
    for layer in camera.scene.layers[1:-1]:
        if layer.shown < layer.size:
            continue
        start = sum(each.shown for each in camera.scene.layers[1 : layer.number])
        shares = frame[known][start : start + layer.shown]
        found = (shares < 0.01).mean() if known == "active" else shares.mean()
        assert found == pytest.approx(records[-1].layers[layer.number - 1, place], abs=1e-6)


def test_without_a_plane_classes_are_counted_by_what_they_are_taken_for() -> None:
    config, dataset, state, camera, frame, _ = shot(dataset="wine", samples=178)
    predicted = predict(config, dataset, state.learned, dataset.x_val).argmax(axis=1)
    counts = frame["confusion"].reshape(dataset.classes, dataset.classes)
    assert counts.sum() == len(dataset.y_val)
    for true in range(dataset.classes):
        for taken in range(dataset.classes):
            assert counts[true, taken] == np.count_nonzero((dataset.y_val == true) & (predicted == taken))
    facts = camera.scene.facts(dataset)
    assert (facts["outcome"], len(facts["classNames"])) == ("confusion", dataset.classes)


def test_rows_without_a_finite_output_are_counted_nowhere() -> None:
    _, _, state, camera, _, _ = shot(dataset="wine", samples=178)
    frame = camera.frame({"theta": np.full_like(state.theta, np.nan), "statistics": np.zeros(0)})
    assert frame["confusion"].sum() == 0


def test_without_a_plane_values_are_drawn_against_the_true_ones_in_their_own_units() -> None:
    config, dataset, state, camera, frame, _ = shot(dataset="diabetes", samples=442)
    predicted = predict(config, dataset, state.learned, dataset.x_val)[:300, 0]
    np.testing.assert_allclose(frame["predicted"], predicted, rtol=1e-5)
    facts = camera.scene.facts(dataset)
    np.testing.assert_allclose(facts["truth"], dataset.y_val[:300, 0], rtol=1e-4)
