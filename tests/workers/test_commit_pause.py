"""How long a run waits from one commit to the next: long commits come seldom, and nobody looks on in vain."""

import pytest

from engine.workers.journal import COMMIT_SECONDS, pause_after


@pytest.mark.parametrize(
    ("took", "worked", "pause"),
    [
        (0.001, 0.001, COMMIT_SECONDS),
        (0.5, 0.001, 20.0),
        (0.005, 0.004, 0.8),
        (0.02, 0.02, 2.0),
        (0.2, 0.1, 8.0),
    ],
    ids=["small", "slow disk", "larger state", "large state", "large state on a slow disk"],
)
def test_a_commit_takes_a_fortieth_of_the_time_and_half_a_hundredth_of_the_processors_up_to_two_seconds(
    took, worked, pause
):
    assert pause_after(took, worked) == pytest.approx(pause)
