"""XML of others, which is read without expanding entities."""

from typing import TYPE_CHECKING

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from job.errors import BadDataError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def parse_xml(data: bytes, path: str) -> "Element":
    """Return the root of an XML file. Entities are refused, so that none can expand.

    Raises:
        BadDataError: It is malformed, or has entities or external references.
    """
    try:
        root: Element = fromstring(data)
    except ParseError as error:
        message = f"{path}: malformed XML: {error}"
    except DefusedXmlException as error:
        message = f"{path}: XML with entities or external references is refused: {error}"
    except (ValueError, LookupError) as error:  # an unknown encoding
        message = f"{path}: malformed XML: {error}"
    else:
        return root
    raise BadDataError(message)
