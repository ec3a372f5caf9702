"""What an error of botocore means: to whom, and whether another attempt may help."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    MetadataRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSLError,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from job.errors import AlJobError, BadDataError, ConfigError, MissingObjectError, TemporaryError

BODY_ERRORS = (HTTPClientError, IncompleteReadError, FlexibleChecksumError, HTTPError)
"""How the body of an answer breaks off; botocore repeats requests, but no reading of a body."""

_TEMPORARY = (*BODY_ERRORS, ConnectionError, CredentialRetrievalError, MetadataRetrievalError)

_CREDENTIALS = "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN or AWS_PROFILE"
_ENDPOINT = "check AWS_ENDPOINT_URL"
_ADVICE = {
    "AccessDenied": "the credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and "
    f"s3:ListBucket here: {_CREDENTIALS}",
    "ExpiredToken": _CREDENTIALS,
    "InvalidToken": _CREDENTIALS,
    "RequestTimeTooSkewed": "set this machine's clock",
    "AuthorizationHeaderMalformed": "check AWS_DEFAULT_REGION",
    "PermanentRedirect": "check AWS_DEFAULT_REGION",
    "IllegalLocationConstraintException": "check AWS_DEFAULT_REGION",
}
_PASSING = {
    "BadDigest",
    "IncompleteBody",
    "InvalidPart",
    "NoSuchUpload",
    "RequestThrottled",
    "RequestTimeout",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "XAmzContentSHA256Mismatch",
}
"""Answers with a status of the 400s that another attempt may not get.

Bytes changed or got lost on the way, the server forgot an upload in parts, or wants a pause.
"""
_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_SHORTEST_SECRET = 4
"""Shorter values are words of every message."""
_NOT_TRUSTED = ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER")


class WebPageError(BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """A server that does not speak S3 answered."""

    fmt = "the server answered with a web page, which no S3 server does"


@contextmanager
def s3_errors(where: str) -> Iterator[None]:
    """Turn what botocore raises into the project's errors.

    Args:
        where: The object or bucket, and the server, for the message.
    """
    try:
        yield
    except ClientError as error:
        raise _of_answer(error, where) from error
    except (BotoCoreError, HTTPError, ResponseParserError) as error:
        raise _of_no_answer(error, where) from error


def status_of(error: ClientError) -> int:
    """Return the HTTP status of the server's answer."""
    status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status


def _of_answer(error: ClientError, where: str) -> AlJobError:
    """The meaning of an error that the server answered with."""
    code = error.response["Error"].get("Code", "")
    said = _one_line(error.response["Error"].get("Message") or code)
    status = status_of(error)
    if code == "NoSuchBucket":
        return ConfigError(
            f"{where}: there is no such bucket; create it, name another in the store's URL, "
            f"or {_ENDPOINT}"
        )
    if status == HTTPStatus.NOT_FOUND and code not in _PASSING:
        return MissingObjectError(f"{where}: no such object")
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return BadDataError(f"{where}: the object ends before the bytes that were asked for")
    if code == "KeyTooLongError":
        return BadDataError(f"{where}: {said}")
    if _may_pass(status, code):
        return TemporaryError(f"{where}: the server answered {status} {code}: {said}; retry")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        default = _ADVICE["AccessDenied"] if code == str(status) else _CREDENTIALS
        advice = _ADVICE.get(code, default)
    else:
        advice = _ADVICE.get(code, f"check the store's URL, or {_ENDPOINT}")
    return ConfigError(f"{where}: the server answered {status} {code}: {said}; {advice}")


def _may_pass(status: int, code: str) -> bool:
    """Whether a later attempt may get another answer."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return status != HTTPStatus.NOT_IMPLEMENTED
    passing = {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.PRECONDITION_FAILED,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
    return status in passing or code in _PASSING


def _of_no_answer(error: Exception, where: str) -> AlJobError:
    """The meaning of an error on this side, or on the way."""
    said = _one_line(error)
    if "Invalid header value" in said:  # the rest of it is the value
        return ConfigError(f"{where}: a credential has a letter that no header may; {_CREDENTIALS}")
    if isinstance(error, WebPageError | ResponseParserError):
        advice = f"{_ENDPOINT} (a console or a login page has an address of its own)"
        return ConfigError(f"{where}: {said}; {advice}")
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        variables = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        return ConfigError(f"{where}: {said}; set {variables}")
    if isinstance(error, SSLError) and any(reason in said for reason in _NOT_TRUSTED):
        return ConfigError(f"{where}: {said}; {_ENDPOINT}, or name its authority in AWS_CA_BUNDLE")
    if isinstance(error, _TEMPORARY):
        return TemporaryError(f"{where}: {said}; is the server up? {_ENDPOINT}")
    return ConfigError(f"{where}: {said}; check the store's URL and the AWS variables")


def _one_line(text: object) -> str:
    """A vendor's message, without secrets, line breaks and its last full stop."""
    return " ".join(without_secrets(text).split()).rstrip(".")


def without_secrets(text: object) -> str:
    """Return a text in which the secrets of the environment and of URLs are stars."""
    told = re.sub(r"(?<=://)[^/@\s]+(?=@)", "***", str(text))
    for value in (os.environ.get(name, "") for name in _SECRETS):
        if len(value) >= _SHORTEST_SECRET:
            told = told.replace(value, "***")
    return told
