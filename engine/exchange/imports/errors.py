"""The one error of a file that cannot be imported, and its sentence for a field of foreign JSON."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.config.errors import KINDS, shown

__all__ = ["BadFile", "Strict", "checked", "shown"]

REQUIRED = {
    **KINDS,
    "model_type": "an object",
    "list_type": "a list",
    "too_short": "a list that is not empty",
    "too_long": "a list of at most {max_length:,} entries",
    "string_too_long": "text of at most {max_length:,} characters",
    "greater_than_equal": ">= {ge}",
    "less_than_equal": "<= {le}",
    "literal_error": "{expected}",
}
Model = TypeVar("Model", bound="Strict")


class BadFile(ValueError):
    """A file that cannot be imported; its text is one sentence for people."""


class Strict(BaseModel):
    """What an object in a foreign file must hold: no kind is turned into another, numbers are finite."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


def checked(model: type[Model], values: Any, where: str) -> Model:
    """Return foreign JSON as a model.

    Raises
    ------
    BadFile
        One sentence that names the first field that is wrong, what was required and what came.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    keys = [f"entry {key + 1}" if isinstance(key, int) else key for key in first["loc"]]
    name = " of ".join([*reversed(keys), where])
    if first["type"] == "missing":
        raise BadFile(f"{name} is missing")
    required = REQUIRED.get(first["type"], first["msg"]).format(**first.get("ctx", {}))
    raise BadFile(f"{name} must be {required}, got {shown(first['input'])}")
