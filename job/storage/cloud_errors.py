"""What an error of obstore means: to whom, and whether another attempt may help."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from obstore.exceptions import BaseError

from job.errors import AlJobError, ConfigError, MissingObjectError, TemporaryError
from job.storage.cloud_access import Cloud

_NO_BUCKET = re.compile("ContainerNotFound|NoSuchBucket|specified container does not exist")
_PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.TOO_MANY_REQUESTS,
}
_DENIED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


@contextmanager
def cloud_errors(where: str, cloud: Cloud, *, is_write: bool = False) -> Iterator[None]:
    """Turn what obstore raises into the project's errors.

    Args:
        where: The object, for the message.
        cloud: What the parts of the cloud are called.
        is_write: Whether an object is written: what is not found is then the bucket.
    """
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        raise _meaning(error, where, cloud, is_write=is_write) from error


def is_past_end(error: Exception) -> bool:
    """Return whether a range was refused because the object ends before: by the server, or here."""
    is_refused = _status(error) == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    return is_refused or "StartTooLarge" in str(error)


def _status(error: Exception) -> int:
    """Return the HTTP status of the server's answer; 0: there was none."""
    found = re.search(r"status code: (\d{3})", str(error))
    return int(found[1]) if found else 0


def _meaning(error: Exception, where: str, cloud: Cloud, *, is_write: bool) -> AlJobError:
    status, text = _status(error), str(error)
    is_of_object = isinstance(error, FileNotFoundError) and not is_write
    if status == HTTPStatus.NOT_FOUND and (not is_of_object or _NO_BUCKET.search(text)):
        return ConfigError(
            f"{where}: there is no such {cloud.bucket}; create it, name another in the store's "
            f"URL, or check {cloud.endpoint}"
        )
    if isinstance(error, FileNotFoundError):
        return MissingObjectError(f"{where}: no such object")
    if not status:
        return _of_no_answer(text, where, cloud)
    said = f"the server answered {status} {_said(text)}".rstrip()
    if status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TemporaryError(f"{where}: {said}; retry")
    if status in _DENIED or "token request" in text:
        return ConfigError(
            f"{where}: {said}; the credentials need {cloud.rights} here: check {cloud.credentials}"
        )
    return ConfigError(f"{where}: {said}; check the store's URL, or {cloud.endpoint}")


def _of_no_answer(text: str, where: str, cloud: Cloud) -> AlJobError:
    """Return the meaning of an error on this side, or on the way."""
    said = " ".join(text.partition("Debug source")[0].rpartition(" - ")[2].split())
    if untrusted := re.search(r"InvalidCertificate\(\s*(\w+)", text):
        said = f"the server's certificate is not trusted ({untrusted[1]})"
        advice = f"name its authority in SSL_CERT_FILE, or check {cloud.endpoint}"
        return ConfigError(f"{where}: {said}; {advice}")
    if "token request" in text:
        said = f"no credentials came: {said}"
        return TemporaryError(f"{where}: {said}; check {cloud.credentials}")
    if "HTTP error" in text:
        return TemporaryError(f"{where}: {said}; is the server up? check {cloud.endpoint}")
    return ConfigError(f"{where}: {said}; check {cloud.credentials}, and the store's URL")


def _said(text: str) -> str:
    """Return the code and the first line of the message in the body of an answer.

    The rest is times and the URL of the request, which may hold a signature.
    """
    code = re.search("<Code>([^<]*)</Code>", text)
    message = re.search(r"<Message>([^<\n]*)", text)
    told = [found[1].strip() for found in (code, message) if found]
    return ": ".join(told).rstrip(".")
