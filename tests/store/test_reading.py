"""Records of several runs come in one read."""

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from engine.codec import CodecError
from engine.store.records import read_many, read_series
from engine.store.schema import chunks


@pytest.fixture
def three(trained, submitted):
    """Two trained runs, one of them of several chunks, and one that has no record yet."""
    return [trained(epochs=60, record_every=1), trained(seed=1, hidden_sizes=[4, 3]), submitted(seed=2)]


def test_several_runs_are_read_as_each_alone_is_in_one_query(store, three):
    asked = []
    event.listen(store.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    many = read_many(store, three[::-1])
    assert (list(many), len(asked)) == (three[::-1], 1)
    for run_id in three:
        alone = read_series(store, run_id)
        np.testing.assert_array_equal(many[run_id].scalars, alone.scalars)
        np.testing.assert_array_equal(many[run_id].measured, alone.measured)
        np.testing.assert_array_equal(many[run_id].layers, alone.layers)
    assert len(many[three[0]]) > 100 and len(many[three[2]]) == 0


def test_a_damaged_chunk_is_never_shown(store, three):
    with store.writing() as connection:
        mine = chunks.c.run_id == three[1]
        blob = bytearray(connection.scalar(sa.select(chunks.c.scalars).where(mine)))
        blob[-3] ^= 1
        connection.execute(chunks.update().where(mine).values(scalars=bytes(blob)))
    with pytest.raises(CodecError, match="damaged"):
        read_many(store, three)


def test_what_is_read_may_be_written_to(store, three):
    series = read_series(store, three[0])
    series.scalars[...], series.measured[...], series.layers[...] = 0, True, 0
    assert read_series(store, three[0])["step"][-1] > 0
