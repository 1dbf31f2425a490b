"""Bundled tables equal scikit-learn's, and their cache never matters to the result."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.data.bundled import bundled


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("BACKPROP_LAB_CACHE", str(folder))
    return folder


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("digits", (1797, 64), 10),
        ("wine", (178, 13), 3),
        ("iris", (150, 4), 3),
        ("breast_cancer", (569, 30), 2),
    ],
)
def test_a_table_is_the_same_before_and_after_it_was_kept(
    cache: Path, name: str, shape: tuple[int, int], classes: int
) -> None:
    from sklearn import datasets

    expected = getattr(datasets, f"load_{name}")()
    for _ in range(2):
        x, y, features, class_names, _ = bundled(name)
        assert x.shape == shape and x.dtype == np.float64 and y.dtype == np.int64
        assert len(features) == shape[1] and len(class_names) == classes
        np.testing.assert_array_equal(x, expected.data)
        np.testing.assert_array_equal(y, expected.target)
    assert [path.name for path in cache.iterdir()] == [f"{name}.npz"]


def _cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip_a_bit(path: Path) -> None:
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 3] ^= 4
    path.write_bytes(damaged)


def _replace_by_another_table(path: Path) -> None:
    np.savez(
        path, x=np.ones((3, 2)), y=np.ones(3, int), features=np.array(["a", "b"]), classes=np.array(["c"])
    )


@pytest.mark.parametrize(
    "damage",
    [
        _cut_in_half,
        _flip_a_bit,
        _replace_by_another_table,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x80\x04not an archive"),
        lambda path: np.savez(path, x=np.ones(3)),
    ],
    ids=["cut", "bit", "foreign", "empty", "bytes", "arrays missing"],
)
def test_a_damaged_cache_is_rebuilt(cache: Path, damage: object) -> None:
    whole = bundled("wine")
    assert callable(damage)
    damage(cache / "wine.npz")
    for again in (bundled("wine"), bundled("wine")):
        np.testing.assert_array_equal(again[0], whole[0])
        np.testing.assert_array_equal(again[1], whole[1])
        assert again[2:] == whole[2:]


def test_a_cache_folder_that_cannot_be_made_does_not_stop_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file stands where the folder should be")
    monkeypatch.setenv("BACKPROP_LAB_CACHE", str(blocked / "cache"))
    assert bundled("wine")[0].shape == (178, 13)


def test_a_kept_table_is_read_without_scikit_learn(cache: Path) -> None:
    bundled("wine")
    code = "import sys, engine.data.bundled as b; b.bundled('wine'); print('sklearn' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert answer.stdout.strip() == "False"
