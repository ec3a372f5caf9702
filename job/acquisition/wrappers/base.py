"""What strategies on top of other strategies share."""

from abc import ABC
from functools import cached_property

from pydantic import field_validator

from job.acquisition.strategy import ScoringStrategy, Strategy
from job.config.experiment import ArmConfig
from job.errors import ConfigError
from job.runtime.names import known

# The registry lists the wrappers, so it is imported by what needs it only.


class Wrapper(Strategy, ABC):
    """Changes what another strategy picks; any strategy, wrappers too, can be inside."""

    of: ArmConfig
    """The strategy inside, with its settings, as an arm has them."""

    @field_validator("of", mode="after")
    @classmethod
    def _complete(cls, of: ArmConfig) -> ArmConfig:
        """Write out all settings, so that the experiment's configuration holds them."""
        return completed(of)

    @cached_property
    def inner(self) -> Strategy:
        """The strategy inside."""
        from job.acquisition.registry import make_strategy  # noqa: PLC0415

        return make_strategy(self.of)

    @property
    def columns(self) -> frozenset[str]:
        """Those of the strategy inside."""
        return self.inner.columns

    @property
    def labelled_columns(self) -> frozenset[str]:
        """Those of the strategy inside."""
        return self.inner.labelled_columns


def completed(arm: ArmConfig) -> ArmConfig:
    """Return an arm with every setting of its strategy written out, for a field's validator.

    Raises:
        ValueError: There is no such strategy, or a setting is wrong.
    """
    from job.acquisition.registry import complete  # noqa: PLC0415

    try:
        return complete(arm)
    except ConfigError as error:
        raise ValueError(str(error)) from error


def scoring(arm: ArmConfig) -> ScoringStrategy:
    """Return an arm's strategy, which has to score each image on its own.

    Raises:
        ValueError: It does not; the message names those that do. Or as `completed`.
    """
    from job.acquisition.registry import STRATEGIES, make_strategy  # noqa: PLC0415

    strategy = make_strategy(completed(arm))
    if not isinstance(strategy, ScoringStrategy):
        those = [name for name, each in STRATEGIES.items() if issubclass(each, ScoringStrategy)]
        message = f"strategy: {arm.strategy!r} scores no image on its own; {known(those)}"
        raise ValueError(message)  # noqa: TRY004 - of an arm, not of a type
    return strategy
