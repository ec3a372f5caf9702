"""The configuration's section `budget`: how many images are labelled."""

from typing import Annotated, Any, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from job.config.section import Section


class BudgetConfig(Section):
    """How many images are labelled: `initial` and `per_round`, or `totals`."""

    initial: NonNegativeInt | None = 100
    """Images that round 0 selects and labels. It may be 0 if the pool has images whose labels came
    along: round 0 then trains on these alone."""
    per_round: PositiveInt | None = 50
    """Images that each later round labels."""
    totals: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] | None = None
    """Instead of `initial` and `per_round`: how many images are selected and labelled after each
    round, round 0 first, such as `[50, 100, 200, 400, 800]`. Each is more than the one before.
    Budgets that double show small and large ones with few trainings. Labelled images that came
    along do not count."""

    @model_validator(mode="before")
    @classmethod
    def _choose(cls, content: Any) -> Any:
        """Leave the defaults of `initial` and `per_round` out where there are totals."""
        if isinstance(content, dict) and content.get("totals") is not None:
            return {"initial": None, "per_round": None, **content}
        return content

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.totals is None:
            if self.initial is None or self.per_round is None:
                message = "expected initial and per_round, or totals"
                raise ValueError(message)
            return self
        if self.initial is not None or self.per_round is not None:
            message = "totals stand instead of initial and per_round: leave these out"
            raise ValueError(message)
        for before, after in zip(self.totals, self.totals[1:], strict=False):
            if after <= before:
                message = f"totals: {after} follows {before}: each has to be more than the last"
                raise ValueError(message)
        return self

    def of_round(self, index: int) -> int:
        """Return how many images a round selects."""
        if self.totals is not None:
            return self.totals[index] - (self.totals[index - 1] if index else 0)
        return (self.per_round if index else self.initial) or 0

    def total(self, num_rounds: int) -> int:
        """Return how many images so many rounds select together."""
        return sum(map(self.of_round, range(num_rounds)))

    def grows_into(self, later: Self) -> bool:
        """Return whether another budget is this one with the totals of further rounds."""
        if self.totals is None or later.totals is None:
            return False
        return later.totals[: len(self.totals)] == self.totals
