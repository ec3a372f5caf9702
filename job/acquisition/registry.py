"""Strategies by name: those of this package, and those of other packages by entry point.

A strategy is imported when its name is asked for. So this module imports none of them, and a
wrapper can ask it for the strategy inside.
"""

from pydantic import ValidationError

from job.acquisition.old_settings import refuse_old_settings
from job.acquisition.strategy import ScoringStrategy, Strategy
from job.config.schema import ArmConfig
from job.config.validation import describe_errors
from job.errors import ConfigError
from job.runtime.names import known
from job.runtime.plugins import Registry

_BUILT_IN = {
    "balanced_herding": "job.acquisition.strategies.balanced_herding:BalancedHerding",
    "brust": "job.acquisition.strategies.brust:Brust",
    "coreset": "job.acquisition.strategies.coreset:Coreset",
    "cost_aware": "job.acquisition.wrappers.cost_aware:CostAware",
    "diverse": "job.acquisition.wrappers.diverse:Diverse",
    "enms_divproto": "job.acquisition.strategies.enms_divproto:EnmsDivproto",
    "entropy": "job.acquisition.strategies.entropy:Entropy",
    "group_limit": "job.acquisition.wrappers.group_limit:GroupLimit",
    "herding": "job.acquisition.strategies.herding:Herding",
    "near_duplicate_filter": "job.acquisition.wrappers.near_duplicate_filter:NearDuplicateFilter",
    "object_coverage": "job.acquisition.strategies.object_coverage:ObjectCoverage",
    "pal": "job.acquisition.strategies.pal:Pal",
    "ppal": "job.acquisition.strategies.ppal:Ppal",
    "presence": "job.acquisition.strategies.presence:Presence",
    "product": "job.acquisition.wrappers.product:Product",
    "random": "job.acquisition.strategies.random:Random",
    "random_share": "job.acquisition.wrappers.random_share:RandomShare",
    "recommended": "job.acquisition.strategies.recommended:Recommended",
    "tutorial_brust": "job.acquisition.strategies.tutorial:TutorialBrust",
    "tutorial_random": "job.acquisition.strategies.tutorial:TutorialRandom",
    "uherding": "job.acquisition.strategies.herding:UHerding",
    "uwe": "job.acquisition.strategies.uwe:Uwe",
}
STRATEGIES = Registry("strategy", "al_voc.strategies", _BUILT_IN)


def make_strategy(arm: ArmConfig) -> Strategy:
    """Return an arm's strategy with its settings.

    Raises:
        ConfigError: There is no such strategy, its package is broken, or a setting is wrong.
    """
    strategy = STRATEGIES.load(arm.strategy, Strategy)
    refuse_old_settings(arm)
    try:
        return strategy.model_validate(arm.settings)
    except ValidationError as error:
        message = f"strategy {arm.strategy!r}: {describe_errors(error, strategy)}"
        raise ConfigError(message) from error


def make_scoring_strategy(arm: ArmConfig) -> ScoringStrategy:
    """Return an arm's strategy, which must score each image on its own.

    Raises:
        ConfigError: It does not (the message names those that do), or as for `make_strategy`.
    """
    strategy = make_strategy(arm)
    if not isinstance(strategy, ScoringStrategy):
        names = [name for name in STRATEGIES.built_in if _is_scoring(name)]
        message = f"strategy: {arm.strategy!r} does not score each image on its own; {known(names)}"
        raise ConfigError(message)
    return strategy


def complete(arm: ArmConfig) -> ArmConfig:
    """Return the arm with every setting of its strategy written out.

    Raises:
        ConfigError: There is no such strategy, its package is broken, or a setting is wrong.
    """
    return ArmConfig(strategy=arm.strategy, **make_strategy(arm).model_dump(mode="json"))


def _is_scoring(name: str) -> bool:
    return issubclass(STRATEGIES.load(name, Strategy), ScoringStrategy)
