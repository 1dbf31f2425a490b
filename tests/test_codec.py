"""What is packed comes back bit by bit; what is damaged never does."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.codec import CodecError, pack, unpack, unpack_table


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


def test_what_is_not_copied_cannot_be_written_and_facts_are_one_s_own():
    blob = pack({"array": np.arange(9.0), "none": np.zeros((0, 3))}, {"list": [1]})
    arrays, facts = unpack(blob, copy=False)
    assert arrays["array"].tolist() == list(range(9)) and arrays["none"].shape == (0, 3)
    with pytest.raises(ValueError, match="read-only"):
        arrays["array"][0] = 1
    facts["list"].append(2)
    assert unpack(blob)[1] == {"list": [1]}


def test_an_array_in_any_order_is_packed_as_its_values():
    array = np.arange(24.0).reshape(2, 3, 4)
    for each in (array.T, array[:, ::2], array.astype(">f8"), np.asfortranarray(array), np.float64(3.0)):
        np.testing.assert_array_equal(unpack(pack({"array": np.asarray(each)}))[0]["array"], each)


def test_columns_come_back_with_the_arrays_and_are_no_facts():
    blob = pack({"array": np.arange(6.0).reshape(3, 2)}, {"step": 3}, columns=("x", "y"))
    arrays, columns = unpack_table(blob)
    assert columns == ("x", "y") and arrays["array"].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert unpack(blob)[1] == {"step": 3} and unpack_table(pack(arrays))[1] == ()
    assert pack(arrays, columns=("x", "y")) != pack(arrays, columns=("y", "x"))


def test_what_has_no_columns_is_packed_to_the_bytes_of_earlier_versions():
    blobs = pack({"array": np.arange(9.0)}, {"step": 3}), pack({"array": np.arange(9.0)})
    found = [hashlib.sha256(blob).hexdigest()[:16] for blob in blobs]
    assert found == [
        "9eac10f0a4a78540",
        "6c1f6b80b00a5616",
    ]
