"""The same configuration with several seeds, and what tells such runs from others."""

from engine.config.errors import ConfigError, shown
from engine.config.run_config import RunConfig

SEEDS_AT_MOST = 100
LARGEST_SEED = 2**32 - 1


def seeded(config: RunConfig, count: int) -> list[RunConfig]:
    """Return a configuration with its own seed and the ``count - 1`` that follow it.

    Raises
    ------
    ConfigError
        When ``count`` is not in 1 to 100, or the seeds would pass the largest one.
    """
    check_seeds(count)
    last = config.seed + count - 1
    if last > LARGEST_SEED:
        raise ConfigError(f"seed must be <= {LARGEST_SEED - count + 1} with {count} seeds, got {config.seed}")
    return [config.model_copy(update={"seed": seed}) for seed in range(config.seed, last + 1)]


def check_seeds(count: int) -> None:
    """Refuse a number of seeds that no configuration can have.

    Raises
    ------
    ConfigError
        When it is not in 1 to 100.
    """
    if not 1 <= count <= SEEDS_AT_MOST:
        raise ConfigError(f"seeds must be >= 1 and <= {SEEDS_AT_MOST}, got {shown(count)}")


def without_seed(config: RunConfig) -> str:
    """Return a resolved configuration as text without its seed: equal where nothing else differs."""
    return config.shortened().model_dump_json(exclude={"seed"})
