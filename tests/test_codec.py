"""What is packed comes back bit by bit; what is damaged never does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.codec import CodecError, pack, unpack


@given(
    hnp.arrays(st.sampled_from([np.float32, np.float64, np.int64, np.bool_]), hnp.array_shapes(min_side=0))
)
def test_an_array_comes_back_with_its_bits_shape_and_dtype(array):
    back = unpack(pack({"array": array}, {"name": "x"}))[0]["array"]
    assert back.dtype == array.dtype and back.shape == array.shape and back.tobytes() == array.tobytes()


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_changed_byte_is_noticed(position, change):
    blob = bytearray(pack({"array": np.arange(9.0)}, {"step": 3}))
    blob[position % len(blob)] ^= change
    with pytest.raises(CodecError):
        unpack(bytes(blob))


def test_bytes_cut_short_are_refused():
    blob = pack({"array": np.arange(9.0)})
    for length in (0, 5, 40, len(blob) - 1):
        with pytest.raises(CodecError):
            unpack(blob[:length])


def test_objects_are_never_packed():
    with pytest.raises(TypeError, match="must hold numbers"):
        pack({"array": np.array([object()])})
