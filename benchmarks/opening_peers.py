"""Writes the runs of the opening benchmark for TensorBoard and optuna-dashboard, in their own environment.

``.venv-opening/bin/python benchmarks/opening_peers.py runs.json folder`` writes event files and a study into
the folder. It imports nothing of ours: what ours needs is not installed there.
"""

import json
import sys
from pathlib import Path
from typing import Any

STUDY = "runs"


def write_events(folder: Path, curves: list[dict[str, list[float]]]) -> None:
    """Write a run's folder for each set of curves: a scalar for each name but ``step`` at each step."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    for number, curve in enumerate(curves, start=1):
        writer = EventFileWriter(str(folder / f"run_{number:02}"))
        for place, step in enumerate(curve["step"]):
            values = [
                Summary.Value(tag=name, simple_value=column[place])
                for name, column in curve.items()
                if name != "step"
            ]
            writer.add_event(Event(wall_time=step, step=int(step), summary=Summary(value=values)))
        writer.close()


def write_study(url: str, trials: list[dict[str, Any]]) -> None:
    """Write a study with a finished trial for each run: its settings and its best validation loss."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(storage=url, study_name=STUDY, direction="minimize")
    spaces = {
        "learning_rate": optuna.distributions.FloatDistribution(1e-5, 1.0, log=True),
        "seed": optuna.distributions.IntDistribution(0, 10_000),
    }
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: trial[name] for name in spaces}, distributions=spaces, value=trial["value"]
            )
            for trial in trials
        ]
    )


def main() -> None:
    """Write both from the file of runs."""
    source, folder = map(Path, sys.argv[1:])
    runs = json.loads(source.read_text("utf-8"))
    write_events(folder / "events", runs["curves"])
    write_study(f"sqlite:///{folder / 'study.db'}", runs["trials"])


if __name__ == "__main__":
    main()
