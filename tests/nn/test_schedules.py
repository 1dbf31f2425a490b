"""A schedule is a table of factors by updates done; each is held against one written by hand."""

import pytest

from engine.nn.schedules import constant, cosine, step_decay, warm_up

HALF = 0.5**0.5
TABLES = {
    "constant": (constant(), [1, 1, 1, 1]),
    "step": (step_decay(0.1, 2), [1, 1, 0.1, 0.1, 0.01, 0.01]),
    "cosine": (cosine(4), [1, (1 + HALF) / 2, 0.5, (1 - HALF) / 2, 0]),
    "warm-up, constant": (warm_up(4, constant()), [0.25, 0.5, 0.75, 1, 1, 1]),
    "warm-up, cosine": (warm_up(2, cosine(2)), [0.5, 1, 1, 0.5, 0]),
    "warm-up, step": (warm_up(1, step_decay(0.5, 2)), [1, 1, 1, 0.5, 0.5, 0.25]),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_schedule_gives_its_table(name):
    schedule, factors = TABLES[name]
    assert [schedule(done) for done in range(len(factors))] == pytest.approx(factors, abs=1e-15)
