"""The configuration of a run: one model that everybody reads.

Validation stands here and nowhere else. Form, options, CSV headers and docs are made from it; names, choices
and defaults of what can be chosen come from the registries of ``engine.nn``.
"""

from engine.config.errors import ConfigError
from engine.config.run_config import CONFIG_VERSION, RunConfig, parse_config
from engine.config.text import config_from_json

__all__ = ["CONFIG_VERSION", "ConfigError", "RunConfig", "config_from_json", "parse_config"]
