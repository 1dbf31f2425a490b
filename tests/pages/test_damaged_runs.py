"""A page survives whatever stands in the store: it shows the row as damaged and goes on."""

import pytest
import sqlalchemy as sa

from tests.pages.frames import open_page
from tests.store.damaged import DAMAGES, damage

OF_A_RUN = ("train", "backprop", "gradients", "overfitting", "compare", "data")


def addressed(page, *run_ids):
    """Open a page on runs."""
    named = ",".join(map(str, run_ids if page == "compare" else run_ids[-1:]))
    return open_page(page, **{"runs" if page == "compare" else "run": named})


@pytest.mark.parametrize("page", ["train", "compare", "runs", "gradients", "overfitting", "backprop", "data"])
def test_a_page_lists_damaged_runs_beside_the_whole_ones(store, submitted, page):
    submitted(name="whole")
    for columns, _ in DAMAGES.values():
        damage(store, submitted(), **columns)
    open_page(page)


@pytest.mark.parametrize("page", OF_A_RUN)
@pytest.mark.parametrize("name", ["settings cut off", "an enormous step", "a moment beyond every calendar"])
def test_a_page_of_a_damaged_run_says_so_and_goes_on(store, trained, page, name):
    whole, broken = trained(), trained()
    damage(store, broken, **DAMAGES[name][0])
    app = addressed(page, whole, broken)
    if page == "train":
        assert any("its row in the store is damaged" in each.value for each in app.warning)


@pytest.mark.parametrize("page", OF_A_RUN)
@pytest.mark.parametrize(
    ("table", "column"), [("chunks", "scalars"), ("snapshots", "parameters"), ("datasets", "content")]
)
def test_a_page_of_a_run_whose_arrays_are_damaged_says_so_and_goes_on(store, trained, page, table, column):
    whole, broken = trained(data_seed=3), trained(data_seed=4)
    key = "id = (SELECT dataset_id FROM runs WHERE id = :run)" if table == "datasets" else "run_id = :run"
    with store.writing() as connection:
        broken_bytes = {"bytes": b"BPLAB1\n" + bytes(60), "run": broken}
        connection.execute(sa.text(f"UPDATE {table} SET {column} = :bytes WHERE {key}"), broken_bytes)
    app = addressed(page, whole, broken)
    if page == "overfitting" and table != "snapshots":
        assert any("damaged" in each.value for each in app.error)
