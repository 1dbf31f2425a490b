"""A bundle that was changed is refused in one sentence that names the field, and the store stays as it is."""

import json

import numpy as np
import pytest

from engine.codec import pack, unpack
from engine.exchange.export import exported
from engine.exchange.imports import BadFile, import_file
from engine.store.runs import list_runs
from engine.training.telemetry import SCALAR_INDEX
from tests.exchange.bundles import repacked

CHANGE = {"created_at": 0, "step": 1, "field": "learning_rate", "old": ""}


def manifest(**values):
    def change(name, blob):
        if name != "bundle.json":
            return blob
        about = json.loads(blob)
        top = {key: value for key, value in values.items() if key in about}
        about["runs"][0] |= {key: value for key, value in values.items() if key not in about}
        return json.dumps(about | top).encode()

    return change


def of_run(**values):
    """Change fields of the run that the manifest has, too."""

    def change(name, blob):
        if name != "bundle.json":
            return blob
        about = json.loads(blob)
        about["runs"][0] |= values
        return json.dumps(about).encode()

    return change


def member(ending, change):
    return lambda name, blob: change(blob) if name.endswith(ending) else blob


def flipped(blob):
    return blob[:-1] + bytes([blob[-1] ^ 1])


def shortened_theta(blob):
    arrays, meta = unpack(blob)
    return pack({**arrays, "theta": arrays["theta"][:-1]}, meta)


def out_of_order(blob):
    arrays, meta = unpack(blob)
    return pack({**arrays, "permutation": np.zeros_like(arrays["permutation"])}, meta)


def unknown_label(blob):
    arrays, meta = unpack(blob)
    return pack({**arrays, "y_train": arrays["y_train"] + 5}, meta)


def descending(blob):
    arrays, meta = unpack(blob)
    return pack({name: array[::-1].copy() for name, array in arrays.items()}, meta)


def set_to(column, value):
    """Give the first record another value of a column."""

    def change(blob):
        arrays, meta = unpack(blob)
        arrays["values"][0, SCALAR_INDEX[column]] = value
        return pack(arrays, meta)

    return change


def late(blob):
    arrays, meta = unpack(blob)
    return pack(arrays, {**meta, "seconds": 1e300})


def twice(name, blob):
    if name != "bundle.json":
        return blob
    about = json.loads(blob)
    return json.dumps({**about, "runs": about["runs"] * 2}).encode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda name, blob: None if name == "bundle.json" else blob, "must be a bundle"),
        (lambda name, blob: None if name.endswith("state") else blob, "lacks its part runs/0/state"),
        (manifest(version=2), "version of bundle.json must be 1, got 2"),
        (manifest(runs=[]), "runs of bundle.json must be a list that is not empty, got []"),
        (manifest(scalars=["loss"]), "unknown column 'loss'"),
        (manifest(config='{"epochs": 0}'), "epochs must be >= 1, got 0"),
        (manifest(config='{"hidden_sizes": [1000000, 1000000]}'), "fit into memory"),
        (manifest(config='{"hidden_sizes": [7]}'), "does not fit its network"),
        (manifest(config="{"), "must be JSON"),
        (manifest(name=5), "name of run 1 of the bundle must be text"),
        (manifest(parts=-1), "parts of run 1 of the bundle must be >= 0, got -1"),
        (manifest(parts=10**30), "parts of run 1 of the bundle must be <= 100000, got 1000000000"),
        (manifest(parts=9), "lacks its part runs/0/records/1"),
        (manifest(seconds="1"), "seconds of run 1 of the bundle must be a number, got '1'"),
        (manifest(seconds=float("nan")), "seconds of run 1 of the bundle must be a finite number, got nan"),
        (manifest(seconds=10**400), "seconds of run 1 of the bundle must be a"),
        (manifest(epoch=True), "epoch of run 1 of the bundle must be a number, got True"),
        (manifest(name="\ud800"), "name of run 1 of the bundle must be text, got '\\ud800'"),
        (
            manifest(note="a" * 100_001),
            "note of run 1 of the bundle must be text of at most 100,000",
        ),
        (
            of_run(created_at=1e18),
            "created_at of run 1 of the bundle must be <= 253370764800.0, got 1e+18",
        ),
        (of_run(created_at=1e21), "created_at of run 1 of the bundle must be <= 253370764800.0"),
        (of_run(created_at=-1.0), "created_at of run 1 of the bundle must be >= 0.0, got -1.0"),
        (manifest(created_at=1e18), "created_at of bundle.json must be <= 253370764800.0, got 1e+18"),
        (manifest(seconds=-1.0), "seconds of run 1 of the bundle must be >= 0.0, got -1.0"),
        (manifest(epoch=1e300), "epoch of run 1 of the bundle must be <= 9007199254740992.0, got 1e+300"),
        (manifest(step=2**60), "step of run 1 of the bundle must be <= 9007199254740992, got 1152921504"),
        (manifest(status="glowing"), "status of run 1 of the bundle must be 'queued', 'running'"),
        (
            manifest(results={"val_accuracy": 7.0}),
            "val_accuracy of results of run 1 of the bundle must be <=",
        ),
        (
            manifest(config='{"seed": ' + "9" * 5000 + "}"),
            "run 1 of the bundle cannot be used: numbers in a configuration must",
        ),
        (manifest(config="[" * 100_000), "run 1 of the bundle cannot be used: the configuration must be"),
        (
            manifest(events=[{**CHANGE, "new": "1", "created_at": 1e18}]),
            "created_at of entry 1 of events of run 1 of the bundle must be <= 253370764800.0",
        ),
        (manifest(has_state=1), "has_state of run 1 of the bundle must be true or false, got 1"),
        (manifest(score_name="f1"), "score_name of run 1 of the bundle must be 'accuracy' or 'r2', got 'f1'"),
        (manifest(tags=["a", 5]), "entry 2 of tags of run 1 of the bundle must be text, got 5"),
        (manifest(runs=[{}] * 1001), "runs of bundle.json must be a list of at most 1,000 entries"),
        (manifest(format="zip"), "format of bundle.json must be 'backprop-lab bundle', got 'zip'"),
        (twice, "run of run 2 of the bundle must differ from the others, got 1 again"),
        (manifest(runs=[5]), "run 1 of the bundle must be an object, got 5"),
        (manifest(runs=[{}]), "name of run 1 of the bundle is missing"),
        (
            manifest(results={"val_loss": []}),
            "val_loss of results of run 1 of the bundle must be a number",
        ),
        (manifest(results=[]), "results of run 1 of the bundle must be an object, got []"),
        (manifest(dataset="../../etc/passwd"), "lacks its part data/../../etc/passwd"),
        (manifest(events=[{"step": 1}]), "created_at of entry 1 of events of run 1 of the bundle is missing"),
        (
            manifest(events=[{**CHANGE, "new": "1", "step": -1}]),
            "step of entry 1 of events of run 1 of the bundle must be >= 0",
        ),
        (manifest(events=[{**CHANGE, "new": "nan"}]), "learning_rate must be"),
        (manifest(events=[{**CHANGE, "field": "weight", "new": "{}"}]), "weight must name layer"),
        (member("bundle.json", lambda blob: b"[" * 100_000), "must be JSON"),
        (member("bundle.json", lambda blob: b"[]"), "must be an object"),
        (member("state", flipped), "damaged"),
        (member("state", shortened_theta), "does not fit its network"),
        (member("state", out_of_order), "an order of its training rows"),
        (member("records/0", flipped), "damaged"),
        (member("records/0", descending), "must ascend"),
        (member("records/0", lambda blob: pack({"values": np.zeros((3, 1))})), "damaged"),
        (member("records/0", set_to("step", 0.5)), "step must be a whole number from 0 to 2^53"),
        (member("records/0", set_to("seconds", np.inf)), "seconds must be a number from 0 to 2^53"),
        (member("records/0", set_to("epoch", -1.0)), "epoch must be a number from 0 to 2^53"),
        (member("state", late), "step and seconds of the state of a run must be numbers from 0 to 2^53"),
        (member("snapshots/0", lambda blob: pack({"theta": np.zeros(3)})), "snapshot does not fit"),
        (member("snapshots/0", lambda blob: b"\x80\x04."), "damaged"),
    ],
)
def test_a_changed_bundle_is_refused_in_one_sentence(store, other, trained, change, sentence):
    content = exported(store, [trained()], "bundle")
    with pytest.raises(BadFile) as refused:
        import_file(other, repacked(content, change))
    assert sentence in str(refused.value) and "\n" not in str(refused.value)
    assert list_runs(other) == []


def test_labels_out_of_range_are_refused(store, other, trained):
    content = exported(store, [trained()], "bundle")
    changed = repacked(content, lambda name, blob: unknown_label(blob) if name.startswith("data/") else blob)
    with pytest.raises(BadFile, match="data of a run does not fit together"):
        import_file(other, changed)


def moved_place(arrays, meta):
    arrays["coordinates_val"][0, 0] += 1


def other_features(arrays, meta):
    meta["encoding"]["features"] = ["x1", "x2"]


def foreign_features(arrays, meta):
    meta["encoding"]["features"] = meta["feature_names"] = ["x1_squared", "exec"]


def no_places(arrays, meta):
    del arrays["coordinates_train"], arrays["coordinates_val"]


def places_without_features(arrays, meta):
    meta["encoding"] = {}


def named_targets(arrays, meta):
    meta["target_names"] = ["a", "b"]


@pytest.mark.parametrize(
    "change",
    [moved_place, other_features, foreign_features, no_places, places_without_features, named_targets],
)
def test_features_that_are_not_made_from_their_places_are_refused(store, other, trained, change):
    run_id = trained(dataset="circles", features=["x1_squared", "x2_squared"])
    content = exported(store, [run_id], "bundle")
    assert len(import_file(other, content)) == 1

    def damaged(name, blob):
        if not name.startswith("data/"):
            return blob
        arrays, meta = unpack(blob)
        arrays = {key: array.copy() for key, array in arrays.items()}
        change(arrays, meta)
        return pack(arrays, meta)

    with pytest.raises(BadFile, match="data of a run does not fit together"):
        import_file(other, repacked(content, damaged))
    assert len(list_runs(other)) == 1
