"""What every section of the configuration is, and every strategy's settings: frozen and closed."""

from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
)

UnitInterval = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A part of the configuration."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )
