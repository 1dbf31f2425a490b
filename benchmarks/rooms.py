"""Which tests belong to which part of the engine, for the changes of :mod:`benchmarks.mutants`."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "engine"


@dataclass(frozen=True)
class Room:
    """A part of the engine and the tests that it answers to.

    Attributes
    ----------
    name : str
        Its folder in ``engine/``.
    tests : tuple of tuple of str
        Files or single tests, one group after the other, the quickest to notice a mistake first: collecting
        takes time too.
    sampled : tuple of str
        Patterns of the files that a sample is drawn from; what is not among them words texts, draws lines
        or talks to a database, which other tests are for.
    """

    name: str
    tests: tuple[tuple[str, ...], ...]
    sampled: tuple[str, ...] = ()

    @property
    def paths(self) -> list[Path]:
        """The files that a sample is drawn from, in their order."""
        found = {path for pattern in self.sampled for path in (ENGINE / self.name).glob(pattern)}
        return sorted(found)


FROZEN = "tests/test_dataclasses.py::test_what_is_found_cannot_be_changed_nor_compared_by_its_arrays[{}]"
MATHEMATICS = Room(
    "nn",
    (
        (
            "tests/nn/test_torch_golden.py",
            "tests/nn/test_curves.py",
            "tests/nn/test_optimizers.py",
            "tests/nn/test_formulas.py",
            "tests/nn/test_clipping_and_penalties.py",
            "tests/nn/test_schedules.py",
            "tests/nn/test_decisions.py",
            "tests/nn/test_initializers.py",
            "tests/nn/test_parts.py",
        ),
        ("tests/training/test_reference_values.py", "tests/training/test_laboratory.py"),
        (
            "tests/nn/test_dropout.py",
            "tests/nn/test_gradient_check.py",
            "tests/nn/test_normalization.py",
            "tests/nn/test_residual.py",
            "tests/nn/test_symmetries.py",
            "tests/nn/test_worked_neuron.py",
            "tests/nn/test_gradients.py",
            "tests/nn/test_tape.py",
            "tests/nn/test_sizes.py",
        ),
        (
            "tests/training/test_own_layer.py",
            "tests/training/test_optimizer_options.py",
            "tests/training/test_resume.py",
            "tests/training/test_schedule.py",
            "tests/training/test_training.py",
            "tests/replay/test_frames.py",
            "tests/analysis/test_predictions.py",
            "tests/analysis/test_profile.py",
            "tests/training/test_sizes.py",
            "tests/training/test_presets.py",
        ),
    ),
    ("**/*.py",),
)
AROUND = (
    Room(
        "training",
        (
            (
                FROZEN.format("training"),
                "tests/training/test_records.py",
                "tests/training/test_plan.py",
                "tests/training/test_training.py",
                "tests/training/test_activation_statistics.py",
                "tests/training/test_early_stopping.py",
                "tests/training/test_schedule.py",
                "tests/training/test_interventions.py",
                "tests/training/test_recording_and_weighing.py",
            ),
            (
                "tests/training/test_laboratory.py",
                "tests/training/test_sizes.py",
                "tests/training/test_subnormals.py",
                "tests/training/test_resume.py",
                "tests/training/test_reference_values.py",
            ),
            (
                "tests/store/test_moments.py",
                "tests/training/test_stack.py",
                "tests/training/test_stacked_settings.py",
            ),
        ),
        ("*.py",),
    ),
    Room(
        "analysis",
        (
            (
                FROZEN.format("analysis"),
                "tests/analysis/test_overfitting.py",
                "tests/analysis/test_statistics.py",
                "tests/analysis/test_verdicts.py",
                "tests/analysis/test_comparable.py",
                "tests/analysis/test_constant_answer.py",
                "tests/analysis/test_ranking.py",
                "tests/analysis/test_gradient_findings.py",
                "tests/analysis/test_layer_findings.py",
                "tests/analysis/test_learning_curve.py",
            ),
            (
                "tests/figures/test_boundary.py",
                "tests/analysis/test_imbalance.py",
                "tests/analysis/test_scores.py",
                "tests/analysis/test_predictions.py",
                "tests/analysis/test_profile.py",
            ),
        ),
        ("*.py",),
    ),
    Room(
        "data",
        (
            (
                FROZEN.format("data"),
                "tests/data/test_same_data.py",
                "tests/data/test_dataset.py",
                "tests/data/test_synthetic.py",
                "tests/data/test_scales.py",
                "tests/data/test_features.py",
                "tests/data/test_targets.py",
                "tests/data/test_table_dataset.py",
                "tests/data/test_reading.py",
            ),
            (
                "tests/data/test_inspection.py",
                "tests/data/test_bundled.py",
                "tests/data/test_baselines.py",
            ),
        ),
        ("*.py",),
    ),
    Room(
        "store",
        (
            (FROZEN.format("store"), "tests/store/test_where.py", "tests/store/test_groups.py"),
            ("tests/store/test_branching.py", "tests/cli/test_listing.py", "tests/analysis/test_ranking.py"),
        ),
        ("groups.py", "where.py", "branching.py"),
    ),
    Room(
        "figures",
        (
            (
                FROZEN.format("figures"),
                "tests/figures/test_smoothing.py",
                "tests/figures/test_scale.py",
                "tests/figures/test_bands.py",
            ),
            (
                "tests/figures/test_curves.py",
                "tests/figures/test_gradients.py",
                "tests/figures/test_layers.py",
            ),
        ),
        ("smoothing.py", "scale.py"),
    ),
    Room("workers", (("tests/workers/test_rows.py",),)),
    Room("exchange", (("tests/exchange/test_exchange.py",),)),
    Room("cli", (("tests/cli/test_main.py",),)),
)
ROOMS = {room.name: room for room in (MATHEMATICS, *AROUND)}


def room_of(path: Path) -> Room:
    """Return the room in which a file of the engine stands."""
    return ROOMS[path.relative_to(ENGINE).parts[0]]
