"""The configuration's section `test`: where the images that models are measured on come from."""

from itertools import pairwise
from typing import Literal, Self

from pydantic import ConfigDict, Field, PositiveInt, model_validator

from job.config.section import Section


class HeldOutConfig(Section):
    """The test set of the experiment, if it is not that of the data set."""

    model_config = ConfigDict(serialize_by_alias=True)

    source: Literal["pool", "none"] = Field(alias="from")
    """`pool`: images of the pool, which are drawn once before round 0, and labelled by whoever
    annotates. No arm of any seed selects one of them. `none`: nothing is measured."""
    size: PositiveInt | None = None
    """How many images of the pool are drawn. It may be raised later: those that were drawn stay,
    and all models that are there are measured again."""
    grown_from: tuple[PositiveInt, ...] = Field((), exclude_if=lambda sizes: not sizes)
    """The sizes that it had before, the smallest first. They are filled in when `size` is raised in
    an experiment that has begun."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.source == "none":
            if self.size or self.grown_from:
                message = "size: this is of `from: pool`; leave it out, or draw from the pool"
                raise ValueError(message)
            return self
        if self.size is None:
            message = "size: `from: pool` needs it: how many images to draw, such as 300"
            raise ValueError(message)
        for before, after in pairwise(self.sizes):
            if after <= before:
                message = f"size: {after} follows {before} in grown_from, and has to be more"
                raise ValueError(message)
        return self

    @property
    def sizes(self) -> tuple[int, ...]:
        """The size of each version of the test set, version 1 first; empty if there is none."""
        return (*self.grown_from, self.size) if self.size else ()

    def version(self, number: int) -> Self:
        """Return the settings as they were at a version of the test set, counted from 1."""
        *before, size = self.sizes[:number]
        return self.model_copy(update={"size": size, "grown_from": tuple(before)})

    def grown_to(self, now: Self) -> Self:
        """Return the settings of now, with the sizes that it had until then.

        A size below the present one is left as it is, for others to refuse.
        """
        if not self.size or not now.size or now.grown_from or now.size < self.size:
            return now
        before = self.sizes if now.size > self.size else self.grown_from
        return now.model_copy(update={"grown_from": before})
