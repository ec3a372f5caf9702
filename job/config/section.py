"""The base of every section of the configuration and of every strategy's settings."""

from types import NoneType
from typing import Annotated, Any, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticKnownError

UnitInterval = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """Settings that cannot be changed once they are validated. An unknown one is refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty_sections(cls, content: Any) -> Any:
        """Take a section of which only the name is written as one that is not there."""
        if not isinstance(content, dict):
            return content
        return {
            name: value
            for name, value in content.items()
            if value is not None or not cls._is_section(name)
        }

    @classmethod
    def _is_section(cls, name: str) -> bool:
        field = cls.model_fields.get(name)
        kind = field.annotation if field and not field.is_required() else None
        return isinstance(kind, type) and issubclass(kind, BaseModel)

    @field_validator("*", mode="before")
    @classmethod
    def _refuse_what_is_not_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse `true` and `1_0` for a number: pydantic takes them for 1 and 10."""
        types = _types_of(cls.model_fields[str(info.field_name)].annotation)
        if types & {int, float} and not types & {bool, str, Any}:
            for each in value if isinstance(value, list | tuple) else [value]:
                if isinstance(each, bool) or (isinstance(each, str) and "_" in each):
                    raise PydanticKnownError("float_type" if float in types else "int_type")
        return value


def _types_of(annotation: Any) -> set[Any]:
    """Return the types that an annotation is made of."""
    return {annotation}.union(*map(_types_of, get_args(annotation))) - {NoneType}
