"""What may stand in the row of a run that nobody of ours wrote there; holds no test."""

import sqlalchemy as sa

from engine.store.store import Store

# Columns with what stands there, and how the sentence on it begins.
DAMAGES = {
    "a moment in 31 billion years": ({"created_at": 1e18}, "created_at must be seconds since 1970"),
    "a moment beyond every calendar": ({"created_at": 1e21}, "created_at must be seconds since 1970"),
    "a moment that is text": ({"created_at": "soon"}, "created_at must be seconds since 1970"),
    "settings cut off": ({"config": '{"epochs": 3'}, "config must be JSON, got"),
    "settings nested without end": ({"config": "[" * 100_000}, "config must be JSON, got '[[["),
    "a number of 5000 digits": (
        {"config": '{"seed": ' + "9" * 5000 + "}"},
        "config must be JSON",
    ),
    "settings that are bytes": ({"config": b"\xff\xfe"}, "config must be JSON"),
    "settings that are a list": ({"config": "[]"}, "config must be an object of settings, got []"),
    "a setting of another kind": ({"config": '{"hidden_sizes": 5}'}, "hidden_sizes in config must be a list"),
    "a setting that is infinite": ({"config": '{"learning_rate": 1e999}'}, "learning_rate in config must be"),
    "an unknown status": ({"status": "glowing"}, "status must be one of queued, running"),
    "a negative step": ({"step": -1}, "step must be a whole number from 0 to 2^53, got -1"),
    "an enormous step": ({"step": 2**62, "total_steps": 2**62}, "step must be a whole number from 0 to 2^53"),
    "a size that is text": ({"parameters": "many"}, "parameters must be a whole number from 0 to 2^53"),
    "an infinite duration": ({"seconds": float("inf")}, "seconds must be a number from 0 to 2^53, got inf"),
    "a loss that is text": ({"val_loss": "low"}, "val_loss must be a number or blank, got 'low'"),
    "an unknown score": ({"score_name": "f1"}, "score_name must be accuracy or r2, got 'f1'"),
    "no speed": ({"speed": 0}, "speed must be a number > 0 or blank, got 0"),
    "a name that is bytes": ({"name": b"\x00\xff"}, "name must be text, got b'"),
}


def damage(store: Store, run_id: int, **columns: object) -> None:
    """Write into the row of a run as no program of ours would."""
    with store.writing() as connection:
        for name, value in columns.items():
            connection.execute(
                sa.text(f"UPDATE runs SET {name} = :value WHERE id = :run"), {"value": value, "run": run_id}
            )
