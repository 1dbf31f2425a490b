"""A pass computes what the plain tape computes, and is taken only where that is so."""

import tracemalloc

import numpy as np
import pytest

from engine.nn.activations import ACTIVATIONS
from engine.nn.initializers import xavier_normal
from engine.nn.losses import LOSSES
from engine.nn.losses.classification import CrossEntropy
from engine.nn.network import LARGE_BATCH, PIECE, Network

BATCH = LARGE_BATCH + 3


def filled(passes, loss="mse", batch=BATCH, lead=(), **options):
    given = LOSSES[loss] if isinstance(loss, str) else loss
    network = Network(
        [3, 5, 5, 2], ACTIVATIONS["tanh"], given, lead=lead, dtype=np.float64, passes=passes, **options
    )
    network.initialize(xavier_normal, [np.random.default_rng(layer) for layer in range(3)])
    recording, rng = network.recording(batch), np.random.default_rng(9)
    recording.x[...] = rng.normal(size=(3, batch))
    recording.target[...] = np.eye(2)[:, rng.integers(0, 2, batch)]
    return network, recording


def in_how_many_pieces(recording):
    return sum(each.label == "z1 = W1 a0 + b1" for each in recording.tape.instructions)


@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize(
    "options", [{}, {"residual": True}, {"normalization": "layer"}], ids=["plain", "residual", "layer norm"]
)
def test_a_large_batch_in_pieces_has_the_outputs_loss_and_gradient_of_the_whole(loss, options):
    (plain, whole), (parted, pieces) = filled(False, loss, **options), filled(True, loss, **options)
    assert (in_how_many_pieces(whole), in_how_many_pieces(pieces)) == (1, 3)
    for recording in (whole, pieces):
        recording.tape.replay()
        recording.loss_tape.replay()
    np.testing.assert_allclose(pieces.output.values, whole.output.values, rtol=1e-12, atol=1e-14)
    assert float(pieces.loss) == pytest.approx(float(whole.loss), rel=1e-13)
    np.testing.assert_allclose(parted.parameters.grad, plain.parameters.grad, rtol=1e-11, atol=1e-15)


def test_a_second_replay_of_the_pieces_begins_afresh():
    network, pieces = filled(True)
    pieces.tape.replay()
    first = network.parameters.grad.copy()
    pieces.tape.replay()
    np.testing.assert_array_equal(network.parameters.grad, first)


def test_replicates_in_pieces_equal_single_networks_in_pieces_bit_for_bit():
    (stack, together), (single, alone) = filled(True, lead=(2,)), filled(True)
    for recording in (together, alone):
        recording.tape.replay()
    assert stack.parameters.theta[1].tobytes() == single.parameters.theta.tobytes()
    np.testing.assert_array_equal(stack.parameters.grad[1], single.parameters.grad)


@pytest.mark.parametrize(
    ("loss", "options"),
    [
        ("mse", {"normalization": "batch"}),
        ("mse", {"dropout": 0.5, "generators": [np.random.default_rng(0)]}),
        (CrossEntropy(0.0, (1.0, 3.0)), {}),
        ("mse", {"batch": LARGE_BATCH - 1}),
    ],
    ids=["batch norm", "dropout", "class weights", "a small batch"],
)
def test_what_looks_at_the_whole_batch_draws_or_weighs_rows_is_left_whole(loss, options):
    _, recording = filled(True, loss, **options)
    assert not any("X[" in each.label for each in recording.tape.instructions)


def test_pieces_are_even_and_about_as_large_as_wished():
    _, recording = filled(True, batch=3 * PIECE + 1)
    widths = [each.arguments[1].shape[-1] for each in recording.tape.instructions if "a0 = X[" in each.label]
    assert sum(widths) == 3 * PIECE + 1 and max(widths) - min(widths) <= 1 and max(widths) <= PIECE


def test_replaying_pieces_allocates_nothing():
    _, recording = filled(True)
    recording.tape.replay()
    peaks = []
    for _ in range(5):
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        recording.tape.replay()
        peaks.append(tracemalloc.get_traced_memory()[1] - before)
        tracemalloc.stop()
    assert min(peaks) < 2000


def with_dropout(passes, dropout: float | list[float] = 0.4, widths=(5, 7, 4), lead=(), generators=None):
    generators = generators or [
        np.random.default_rng(10 + number) for number in range(lead[0] if lead else 1)
    ]
    options = {"dropout": dropout, "generators": generators, "lead": lead, "passes": passes}
    network = Network([3, *widths, 2], ACTIVATIONS["relu"], LOSSES["mse"], **options)
    network.initialize(xavier_normal, [np.random.default_rng(layer) for layer in range(len(widths) + 1)])
    return network, network.recording(9)


def draws(recording):
    return sum(each.label.endswith("uniform(0, 1)") for each in recording.tape.instructions)


@pytest.mark.parametrize("lead", [(), (2,)])
def test_masks_drawn_together_are_those_that_each_layer_would_draw(lead):
    (plain, apart), (passed, together) = with_dropout(False, lead=lead), with_dropout(True, lead=lead)
    replicates = lead[0] if lead else 1
    assert (draws(apart), draws(together)) == (3 * replicates, replicates)
    for _ in range(3):
        for recording in (apart, together):
            recording.x[...] = np.random.default_rng(9).normal(size=recording.x.shape)
            recording.tape.replay()
        assert apart.output.values.tobytes() == together.output.values.tobytes()
        assert plain.parameters.grad.tobytes() == passed.parameters.grad.tobytes()
    assert (apart.arena.slab("dropout") == 0).mean() > 0.3


def test_layers_with_rates_of_their_own_draw_their_own_masks():
    _, recording = with_dropout(True, dropout=[0.4, 0.2, 0.4])
    assert draws(recording) == 3


def test_two_layers_of_one_rate_share_their_draw_and_leave_out_a_layer_without_dropout():
    _, recording = with_dropout(True, dropout=[0.4, 0.0, 0.4])
    assert draws(recording) == 1 and recording.arena.masks.keys() == {1, 3}
    assert [recording.arena.masks[number].shape for number in (1, 3)] == [(5, 9), (4, 9)]
