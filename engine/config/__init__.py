"""The configuration of a run: one model that everybody reads."""

from engine.config.errors import ConfigError
from engine.config.run_config import CONFIG_VERSION, RunConfig, parse_config
from engine.config.text import config_from_json

__all__ = ["CONFIG_VERSION", "ConfigError", "RunConfig", "config_from_json", "parse_config"]
