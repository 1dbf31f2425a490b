"""The tables of the store and their migrations."""

import sqlalchemy as sa

SCHEMA_VERSION = 4
APPLICATION = "backprop-lab"

# What chunks hold that do not name their columns: all that were written before schema 4. Never to be changed.
UNNAMED_SCALARS = (
    "step",
    "epoch",
    "seconds",
    "learning_rate",
    "batch_loss",
    "train_loss",
    "val_loss",
    "generalization_gap",
    "train_accuracy",
    "val_accuracy",
    "train_r2",
    "val_r2",
    "grad_norm",
    "grad_norm_clipped",
    "update_ratio",
    "penalty",
)
UNNAMED_LAYER_STATISTICS = (
    "grad_norm",
    "grad_mean_abs",
    "weight_norm",
    "update_ratio",
    "activation_mean",
    "activation_std",
    "saturated_fraction",
    "dead_fraction",
)

metadata = sa.MetaData()
Blob = sa.LargeBinary

schema_version = sa.Table(
    "schema_version",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("application", sa.String(40), nullable=False),
    sa.Column("applied_at", sa.Float, nullable=False),
)

datasets = sa.Table(
    "datasets",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("content", Blob, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.Text, nullable=False, default=""),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("finished_at", sa.Float),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("config_version", sa.Integer, nullable=False),
    sa.Column("dataset_id", sa.String(64), sa.ForeignKey("datasets.id"), nullable=False),
    sa.Column("parent_run", sa.Integer, sa.ForeignKey("runs.id")),
    sa.Column("branch_step", sa.Integer),
    sa.Column("group_id", sa.Integer),
    sa.Column("fingerprint", sa.Text, nullable=False, default=""),
    # What people add to it.
    sa.Column("tags", sa.Text, nullable=False, default=""),
    sa.Column("note", sa.Text, nullable=False, default=""),
    sa.Column("archived", sa.Boolean, nullable=False, default=False),
    # Its status, and what was requested.
    sa.Column("status", sa.String(20), nullable=False, index=True),
    sa.Column("paused", sa.Boolean, nullable=False, default=False),
    sa.Column("request", sa.String(20), nullable=False, default=""),
    sa.Column("speed", sa.Float),
    sa.Column("message", sa.Text, nullable=False, default=""),
    # Who trains it.
    sa.Column("lease_owner", sa.String(80)),
    sa.Column("lease_epoch", sa.Integer, nullable=False, default=0),
    sa.Column("lease_host", sa.String(200)),
    sa.Column("lease_pid", sa.Integer),
    sa.Column("lease_process_start", sa.Float),
    sa.Column("lease_beat", sa.Integer, nullable=False, default=0),
    sa.Column("takeovers", sa.Integer, nullable=False, default=0),
    # Where it stands.
    sa.Column("step", sa.Integer, nullable=False, default=0),
    sa.Column("total_steps", sa.Integer, nullable=False),
    sa.Column("epoch", sa.Float, nullable=False, default=0.0),
    sa.Column("parameters", sa.Integer, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False, default=0.0),
    sa.Column("score_name", sa.String(20), nullable=False),
    sa.Column("train_loss", sa.Float),
    sa.Column("val_loss", sa.Float),
    sa.Column("train_score", sa.Float),
    sa.Column("val_score", sa.Float),
    sa.Column("test_loss", sa.Float),
    sa.Column("test_score", sa.Float),
    sa.Column("best_val_loss", sa.Float),
    sa.Column("best_step", sa.Integer),
)

chunks = sa.Table(
    "chunks",
    metadata,
    sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("first_step", sa.Integer, nullable=False),
    sa.Column("last_step", sa.Integer, nullable=False),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("scalars", Blob, nullable=False),
    sa.Column("layers", Blob, nullable=False),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("state", Blob, nullable=False),
)

# Parameters at some steps, kept so that pictures of any of them can be drawn again.
snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("parameters", Blob, nullable=False),
)

# Predictions for the held-out rows when the run ended, for scores that only readers compute.
predictions = sa.Table(
    "predictions",
    metadata,
    sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("outputs", Blob, nullable=False),
)

# The highest number of a run that was deleted: it is never given to another one.
retired_ids = sa.Table(
    "retired_ids", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False)
)

# Uploaded files, by the sha256 of their content.
files = sa.Table(
    "files",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("content", Blob, nullable=False),
)

# What simple methods reach on a dataset, as JSON.
baselines = sa.Table(
    "baselines",
    metadata,
    sa.Column("dataset_id", sa.String(64), sa.ForeignKey("datasets.id"), primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), nullable=False, index=True),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("field", sa.String(80), nullable=False),
    sa.Column("old", sa.Text, nullable=False, default=""),
    sa.Column("new", sa.Text, nullable=False, default=""),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("owner", sa.String(80), primary_key=True),
    sa.Column("host", sa.String(200), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("process_start", sa.Float, nullable=False),
    sa.Column("started_at", sa.Float, nullable=False),
    sa.Column("idle", sa.Boolean, nullable=False, default=False),
)

maintenance = sa.Table(
    "maintenance",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("host", sa.String(200), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("process_start", sa.Float, nullable=False),
)


def _to_version_2(connection: sa.Connection) -> None:
    for table in (snapshots, files, baselines, retired_ids):
        table.create(connection)
    for column in (
        "tags TEXT NOT NULL DEFAULT ''",
        "note TEXT NOT NULL DEFAULT ''",
        "archived BOOLEAN NOT NULL DEFAULT FALSE",
        "test_loss FLOAT",
        "test_score FLOAT",
    ):
        connection.exec_driver_sql(f"ALTER TABLE runs ADD COLUMN {column}")


def _to_version_3(connection: sa.Connection) -> None:
    predictions.create(connection)


def _to_version_4(_: sa.Connection) -> None:
    """Change no table: chunks name their columns from here on, which older programs would read by place."""


# By the version that each of them leads to; a store of an older version takes them in turn.
MIGRATIONS = {2: _to_version_2, 3: _to_version_3, 4: _to_version_4}
