"""Each fault is inflicted once on a real store with real processes, and nothing that is promised breaks."""

from random import Random

import pytest

from benchmarks.faults import DOCUMENT, FAULTS, inflicted, tasks
from benchmarks.faults_bundles import BUNDLES
from benchmarks.faults_damage import DAMAGES, original
from benchmarks.faults_kills import KILLS
from benchmarks.faults_lab import lab
from benchmarks.faults_report import Outcome, table
from benchmarks.faults_runs import Broken, Kept
from benchmarks.faults_waits import WAITS
from docs.blocks import with_block

processes = pytest.mark.xdist_group("processes")
# Tests of their rooms inflict these once already, and each takes ten seconds here.
ELSEWHERE = (
    "worker killed at a random moment",
    "`work` killed with all its workers",
    "server killed while it shows a run",
    "write lock held by another process, 5 s",
    "worker stopped by SIGSTOP",
)
HERE = [fault for fault in (*KILLS, *WAITS) if not fault.name.startswith(ELSEWHERE)]
EACH = [
    *(pytest.param(fault, marks=processes, id=fault.name) for fault in HERE),
    *(pytest.param(fault, id=fault.name) for fault in (*DAMAGES, *BUNDLES)),
]


@pytest.mark.parametrize("fault", EACH)
def test_a_fault_that_is_inflicted_once_breaks_no_promise(fault):
    assert inflicted(fault.name, seed=0, number=0, times=1, is_hasty=True) == ""


def test_what_is_left_to_other_tests_is_among_the_faults():
    assert len(HERE) == len(KILLS) + len(WAITS) - len(ELSEWHERE)


def test_records_that_are_lost_doubled_or_changed_and_another_state_are_noticed():
    whole = original().unbroken
    arrays = whole.records.arrays
    some = [*range(5), *range(6, 50)]

    def with_records(rows) -> Kept:
        return Kept(whole.state, whole.step, type(whole.records)(*(array[rows] for array in arrays)))

    every = list(range(len(whole.records)))
    assert whole.missing_in(with_records(every)) == ""
    assert whole.missing_in(with_records(every[:40]), is_whole=False) == ""
    assert whole.missing_in(with_records(every[:40])) == f"40 records instead of {len(every)}"
    for rows in (some, [*every[:5], 4, *every[5:50]], [1, 0, *every[2:]]):
        assert whole.missing_in(with_records(rows), is_whole=False).startswith(
            "records that are lost, doubled"
        )
    changed = with_records(every)
    changed.records.layers[3, 0, 0] += 1e-12
    assert whole.missing_in(changed) == "records of other bits"
    assert whole.missing_in(Kept(b"", whole.step, whole.records)) == "a state of other bits"


def test_a_traceback_in_what_any_process_printed_is_noticed():
    with lab(Random(0)) as made:
        made.log().write_text("finished\n")
        made.check_words()
        made.log().write_text("Traceback (most recent call last):\n")
        with pytest.raises(Broken, match="a traceback was printed"):
            made.check_words()


def test_a_fault_that_breaks_a_promise_stands_out_in_the_table():
    held, broken = Outcome("one", "all"), Outcome("two", "much")
    held.add(8, "")
    broken.add(8, "")
    broken.add(3, "it was not so")
    assert table([held, broken]).splitlines()[2:] == ["| one | 8 | 8 | all |", "| two | 11 | **8** | much |"]


@pytest.mark.parametrize("counts", ["small", "full"])
def test_the_counts_of_every_fault_are_inflicted_and_shared_out(counts):
    found = dict.fromkeys(FAULTS, 0)
    for fault, _, times in tasks(FAULTS, counts, 1.0, 0):
        assert times <= fault.together
        found[fault] += times
    assert found == {fault: getattr(fault, counts) for fault in FAULTS} and min(found.values()) > 0


def test_the_document_has_a_row_for_every_fault():
    text = DOCUMENT.read_text("utf-8")
    assert [fault.name for fault in FAULTS if f"| {fault.name} |" not in text] == []
    for name in ("faults", "inflicted"):
        with_block(text, name, "")
