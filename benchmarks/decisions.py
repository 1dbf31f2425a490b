"""What records and decisions might have been mistaken for, one place each, as in definitions.py."""

RECORDED_EPOCH = 'record["epoch"] = state.step / self.plan.steps_per_epoch'
ROWS_EPOCH = '"epoch": state.step / run.plan.steps_per_epoch'
SCORES_OF_ROW = 'summary.get(f"{split}_{score}") for split in SPLITS}'
BEFORE = 'update, before = rows["update"], rows["weights"]'
RATIO_OF_LAYER = "norms[..., update, :] / norms[..., before, :]"
FITTED = "model.fit(dataset.x_train, _one_column(dataset.y_train))"
LATER_HALF = "np.median(train_loss[count - (later + 1) // 2 :])"
ONSET = "end >= train_loss[last_near]"
PLACES = "places = [np.searchsorted(steps, common) for steps, _, _ in measured]"

# File in engine/, what is changed, the place, and what stands there instead.
DECISIONS: tuple[tuple[str, str, str, str], ...] = (
    ("workers/stacked_run", "val_score and train_score of a finished row swapped",
     SCORES_OF_ROW, 'summary.get(f"{of}_{score}") for split, of in zip(SPLITS, ("val", "train", "test"))}'),
    ("workers/journal", "the epoch of a row a step late", ROWS_EPOCH,
     ROWS_EPOCH.replace("state.step", "(state.step + 1)")),
    ("workers/journal", "the live summary of a stack from its first run", "_summary(record.row(number))",
     "_summary(record.row(0))"),
    ("training/trainer", "the recorded epoch a step late", RECORDED_EPOCH,
     RECORDED_EPOCH.replace("state.step", "(state.step + 1)")),
    ("training/trainer", "grad_norm of a layer after clipping", 'norms[..., rows["gradient"], :]',
     'norms[..., rows["clipped"], :]'),
    ("training/trainer", "update ratio against the new weights", BEFORE,
     BEFORE.replace('"weights"', '"new_weights"')),
    ("training/trainer", "update ratio of a layer against the new weights", RATIO_OF_LAYER,
     RATIO_OF_LAYER.replace("before", 'rows["new_weights"]')),
    ("training/trainer", "weight_norm of a layer one update old", 'norms[..., rows["new_weights"], :]',
     'norms[..., rows["weights"], :]'),
    ("training/model", "shuffling ignores the seed",
     "stream(config.seed, SHUFFLING)", "stream(0, SHUFFLING)"),
    ("training/evaluation", "a dead unit below 2 % of the rows", "DEAD_UNIT = 0.01", "DEAD_UNIT = 0.02"),
    ("training/evaluation", "a dead unit above 0 on no row at all",
     "active < ACTIVE_SHARE_OF_A_DEAD_UNIT * outputs.shape[1]", "active <= 0"),
    ("training/monitor", "a tie moves the best epoch", "val_loss < state.best_val_loss",
     "val_loss <= state.best_val_loss"),
    ("nn/schedules/curves", "plateau's threshold absolute", "memory.lowest * (1 - self.threshold)",
     "memory.lowest - self.threshold"),
    ("data/baselines", "baselines fitted with the validation rows too", FITTED,
     "model.fit(np.concatenate([dataset.x_train, dataset.x_val]), "
     "_one_column(np.concatenate([dataset.y_train, dataset.y_val])))"),
    ("analysis/overfitting", "noise of a curve times the root of 2", "/ np.sqrt(6)", "/ np.sqrt(3)"),
    ("analysis/overfitting", "training loss at the end by all evaluations after the onset", LATER_HALF,
     "np.median(train_loss[last_near + 1 :])"),
    ("analysis/overfitting", "training loss at the end by the first half after the onset", LATER_HALF,
     "np.median(train_loss[last_near + 1 : count - (later + 1) // 2])"),
    ("analysis/overfitting", "training loss at the end by its last evaluation", LATER_HALF, "train_loss[-1]"),
    ("analysis/overfitting", "training loss since the lowest validation loss, not since the onset", ONSET,
     ONSET.replace("last_near", "best")),
    ("store/groups", "stopped runs counted as evidence", 'row.status == "finished"',
     'row.status in ("finished", "stopped")'),
    ("figures/bands", "curves of a band aligned by place, not by step", PLACES,
     "places = [np.arange(len(common)) for _ in measured]"),
    ("exchange/export/summary", "best_step of the JSON export the last step",
     'results["best_step"] = row.best_step', 'results["best_step"] = row.step'),
    ("cli/runs", "best_step of the JSON of a command the last step", '"best_step": row.best_step',
     '"best_step": row.step'),
)  # fmt: skip
