"""Strategies by name: those below, and those of outside packages, by entry point."""

from importlib.metadata import EntryPoint, entry_points

from pydantic import ValidationError

from job.acquisition.strategies.brust import Brust
from job.acquisition.strategies.coreset import Coreset
from job.acquisition.strategies.enms_divproto import EnmsDivproto
from job.acquisition.strategies.entropy import Entropy
from job.acquisition.strategies.pal import Pal
from job.acquisition.strategies.ppal import Ppal
from job.acquisition.strategies.random import Random
from job.acquisition.strategies.uwe import Uwe
from job.acquisition.strategy import Strategy
from job.acquisition.wrappers.cost_aware import CostAware
from job.acquisition.wrappers.near_duplicate_filter import NearDuplicateFilter
from job.acquisition.wrappers.product import Product
from job.acquisition.wrappers.random_share import RandomShare
from job.config.experiment import ArmConfig
from job.config.validation import describe
from job.errors import ConfigError
from job.runtime.names import known

ENTRY_POINTS = "al_voc.strategies"

STRATEGIES: dict[str, type[Strategy]] = {
    "brust": Brust,
    "coreset": Coreset,
    "cost_aware": CostAware,
    "enms_divproto": EnmsDivproto,
    "entropy": Entropy,
    "near_duplicate_filter": NearDuplicateFilter,
    "pal": Pal,
    "ppal": Ppal,
    "product": Product,
    "random": Random,
    "random_share": RandomShare,
    "uwe": Uwe,
}


def make_strategy(arm: ArmConfig) -> Strategy:
    """Return an arm's strategy with its settings.

    Raises:
        ConfigError: There is no such strategy, its package is broken, or a setting is wrong.
    """
    strategy = STRATEGIES.get(arm.strategy) or _load(arm.strategy)
    try:
        return strategy.model_validate(arm.settings)
    except ValidationError as error:
        message = f"strategy {arm.strategy!r}: {describe(error, strategy)}"
        raise ConfigError(message) from error


def complete(arm: ArmConfig) -> ArmConfig:
    """Return the arm with every setting of its strategy written out.

    Raises:
        ConfigError: There is no such strategy, its package is broken, or a setting is wrong.
    """
    return ArmConfig(strategy=arm.strategy, **make_strategy(arm).model_dump(mode="json"))


def _load(name: str) -> type[Strategy]:
    """Import an outside package's strategy; packages that are not asked for are not imported."""
    outside = entry_points(group=ENTRY_POINTS)
    found = outside.select(name=name)
    if not found:
        message = f"strategy: unknown {name!r}; {known({*STRATEGIES, *outside.names})}"
        raise ConfigError(message)
    if len(found) > 1:
        message = f"strategy: {name!r} is in more than one package: {_packages(*found)}"
        raise ConfigError(message)
    (entry,) = found
    try:
        strategy = entry.load()
    except (ImportError, AttributeError) as error:
        message = f"strategy: {name!r} of {_packages(entry)} cannot be imported: {error}"
        raise ConfigError(message) from error
    if not (isinstance(strategy, type) and issubclass(strategy, Strategy)):
        message = (
            f"strategy: {name!r} of {_packages(entry)} is no job.acquisition.strategy.Strategy"
        )
        raise ConfigError(message)
    return strategy


def _packages(*entries: EntryPoint) -> str:
    return ", ".join(sorted(entry.dist.name if entry.dist else entry.value for entry in entries))
