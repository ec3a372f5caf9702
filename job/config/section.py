"""The base of every section of the configuration and of every strategy's settings."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

UnitInterval = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """Settings that cannot be changed once they are validated. An unknown one is refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )
