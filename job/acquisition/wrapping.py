"""What strategies on top of other strategies share."""

from abc import ABC
from functools import cached_property

from pydantic import field_validator

from job.acquisition.strategy import Strategy
from job.config import ArmConfig


class Wrapper(Strategy, ABC):
    """Changes what another strategy picks; any strategy, wrappers too, can be inside."""

    of: ArmConfig
    """The strategy inside, with its settings, as an arm has them."""

    @field_validator("of")
    @classmethod
    def _complete(cls, of: ArmConfig) -> ArmConfig:
        """Write out all settings, so that the experiment's configuration holds them."""
        from job.acquisition.registry import complete  # noqa: PLC0415 - it lists the wrappers

        return complete(of)

    @cached_property
    def inner(self) -> Strategy:
        """The strategy inside."""
        from job.acquisition.registry import make_strategy  # noqa: PLC0415 - it lists the wrappers

        return make_strategy(self.of)

    @property
    def columns(self) -> frozenset[str]:
        """Those of the strategy inside."""
        return self.inner.columns

    @property
    def labelled_columns(self) -> frozenset[str]:
        """Those of the strategy inside."""
        return self.inner.labelled_columns
