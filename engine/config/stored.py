"""Reads stored configurations: a setting that they lack is what the program did before it had it."""

from collections.abc import Mapping
from typing import Any

from engine.config.errors import ConfigError
from engine.config.run_config import RunConfig, parse_config
from engine.config.text import config_values, missing_plugin_message
from engine.nn.normalization import NORMALIZATIONS


def as_stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored settings with those that they lack and whose default does something else today.

    Only where it makes a difference, so that an older run and a newer one of the same arithmetic have the
    same settings.
    """
    before: dict[str, Any] = {}
    if values.get("early_stopping") is not None or values.get("schedule") == "plateau":
        before["evaluation"] = "spread"
    kind = NORMALIZATIONS.get(values.get("normalization", "none"))
    if kind is not None and kind.needs_two_rows:
        before["last_batch"] = "keep"
    return {**before, **values}


def stored_config(text: str) -> RunConfig:
    """Read the configuration of a stored run from its JSON, as it was meant when it was written.

    Raises
    ------
    ConfigError
        As :func:`engine.config.config_from_json` does.
    """
    values = config_values(text)
    if sentence := missing_plugin_message(values):
        raise ConfigError(sentence)
    return parse_config(as_stored(values))
