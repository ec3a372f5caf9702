"""Whether code asks the network for something."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest


@contextmanager
def attempts_to_connect() -> Iterator[list[object]]:
    """Within, nothing outside of this process is reached; each attempt is noted in the list.

    A library may swallow what it is answered, so the list says more than an error does.
    """
    attempts: list[object] = []

    def refuse(*asked: object, **_: object) -> NoReturn:
        attempts.append(asked)
        message = "this test has no network"
        raise OSError(message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield attempts
