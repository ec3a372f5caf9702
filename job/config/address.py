"""The address of a server, as a setting."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def _address(text: str) -> str:
    """Return the address of a server, without the slash at its end, or refuse it."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = f"{text!r} is not an address such as https://labels.example.org"
        raise ValueError(message)
    if parts.username is not None or parts.query or parts.fragment:
        message = "leave out what the address has beside host, port and path"
        raise ValueError(message)
    return text.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]
"""The address of a server: http or https, a host, and nothing secret."""
