"""What was found, planned or chosen cannot be changed behind the back of whoever else holds it."""

import dataclasses
import importlib
import pkgutil
from typing import Any

import pytest

OPTIONS = "__dataclass_params__"
CHANGE_BY_DESIGN = {"training": {"Record", "State"}, "store": {"Batch"}}


@pytest.mark.parametrize("room", ["analysis", "data", "figures", "store", "training"])
def test_what_is_found_cannot_be_changed_nor_compared_by_its_arrays(room: str) -> None:
    """Two arrays have no one answer to whether they are equal: a comparison of their holders would raise."""
    package = importlib.import_module(f"engine.{room}")
    modules = [
        importlib.import_module(f"{package.__name__}.{each.name}")
        for each in pkgutil.iter_modules(package.__path__)
    ]
    found: set[Any] = {
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and dataclasses.is_dataclass(thing) and thing.__module__ == module.__name__
    }
    assert found
    changeable = {each.__name__ for each in found if not getattr(each, OPTIONS).frozen}
    assert changeable == CHANGE_BY_DESIGN.get(room, set())
    with_arrays = {each for each in found if any("ndarray" in str(f.type) for f in dataclasses.fields(each))}
    assert {each.__name__ for each in with_arrays if getattr(each, OPTIONS).eq} == set()
