"""What an error of botocore means: to whom, and whether another attempt may help."""

import os
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
    ProfileNotFound,
    SSLError,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from job.errors import AlJobError, BadDataError, ConfigError, MissingObjectError, TemporaryError
from job.storage.s3_access import BY_VARIABLES, S3Access, without_keys

BODY_ERRORS = (HTTPClientError, IncompleteReadError, FlexibleChecksumError, HTTPError)
"""How the body of an answer breaks off; botocore repeats requests, but no reading of a body."""

_TEMPORARY = (*BODY_ERRORS, ConnectionError, CredentialRetrievalError, MetadataRetrievalError)

_OTHER_REGION = {
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
    "IllegalLocationConstraintException",
}
_TOKENS = {"AccessDenied", "ExpiredToken", "InvalidToken"}
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
_KMS = "the credentials need kms:GenerateDataKey and kms:Decrypt on the bucket's key"
_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_hidden: set[str] = set()
_SHORTEST_SECRET = 4
"""Shorter values are words of every message."""
_NOT_TRUSTED = ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER")


class WebPageError(BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """A server that does not speak S3 answered."""

    fmt = "the server answered with a web page, which no S3 server does"


@contextmanager
def s3_errors(where: str, access: S3Access = BY_VARIABLES) -> Iterator[None]:
    """Turn what botocore raises into the project's errors.

    Args:
        where: The object or bucket, and the server, for the message.
        access: What said which server, and as whom.
    """
    try:
        yield
    except ClientError as error:
        raise _of_answer(error, where, access) from error
    except (BotoCoreError, HTTPError, ResponseParserError) as error:
        raise _of_no_answer(error, where, access) from error


def status_of(error: ClientError) -> int:
    """Return the HTTP status of the server's answer."""
    status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status


def _of_answer(error: ClientError, where: str, access: S3Access) -> AlJobError:
    """The meaning of an error that the server answered with."""
    code = error.response["Error"].get("Code", "")
    said = _one_line(error.response["Error"].get("Message") or code)
    status = status_of(error)
    if code == "NoSuchBucket":
        return ConfigError(
            f"{where}: there is no such bucket; create it, name another in {access.place}, "
            f"or check {access.endpoint_setting}"
        )
    if status == HTTPStatus.NOT_FOUND and code not in _PASSING:
        return MissingObjectError(f"{where}: no such object")
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return BadDataError(f"{where}: the object ends before the bytes that were asked for")
    if code == "KeyTooLongError":
        return BadDataError(f"{where}: {said}")
    if _may_pass(status, code):
        return TemporaryError(f"{where}: the server answered {status} {code}: {said}; retry")
    advice = _KMS if "kms:" in said else _advice(status, code, access)
    return ConfigError(f"{where}: the server answered {status} {code}: {said}; {advice}")


def _advice(status: int, code: str, access: S3Access) -> str:
    """Return what to do about an answer."""
    if code == "RequestTimeTooSkewed":
        return "set this machine's clock"
    if code in _OTHER_REGION:
        return f"check {access.region_setting}"
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} or code in _TOKENS:
        is_denied = code in {"AccessDenied", str(status)}
        need = f"the credentials need {access.rights} here: " if is_denied else ""
        return f"{need}check {access.credentials_settings}"
    return f"check {access.place}, or {access.endpoint_setting}"


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


def _of_no_answer(error: Exception, where: str, access: S3Access) -> AlJobError:
    """The meaning of an error on this side, or on the way."""
    said, check = _one_line(error), f"check {access.endpoint_setting}"
    is_untrusted = isinstance(error, SSLError) and any(reason in said for reason in _NOT_TRUSTED)
    if "Invalid header value" in said:  # the rest of it is the value
        said = "a credential has a letter that no header may"
        advice = f"check {access.credentials_settings}"
    elif isinstance(error, WebPageError | ResponseParserError):
        advice = f"{check} (a console or a login page has an address of its own)"
    elif isinstance(error, NoCredentialsError | PartialCredentialsError):
        own = f"--{access.option}-profile, or " if access.option else ""
        advice = f"set {own}AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    elif isinstance(error, ProfileNotFound):
        advice = f"check {f'--{access.option}-profile' if access.profile else 'AWS_PROFILE'}"
    elif is_untrusted:
        advice = f"{check}, or name its authority in AWS_CA_BUNDLE"
    elif isinstance(error, _TEMPORARY):
        return TemporaryError(f"{where}: {said}; is the server up? {check}")
    else:
        advice = f"check {access.place} and the AWS variables"
    return ConfigError(f"{where}: {said}; {advice}")


def _one_line(text: object) -> str:
    """A vendor's message, without secrets, line breaks and its last full stop."""
    return " ".join(without_secrets(text).split()).rstrip(".")


def hide(*secrets: str | None) -> None:
    """Let no message show these secrets, such as those of a profile."""
    _hidden.update(secret for secret in secrets if secret)


def without_secrets(text: object) -> str:
    """Return a text in which the secrets of environment, profiles and URLs are stars."""
    told = without_keys(str(text))
    for value in {os.environ.get(name, "") for name in _SECRETS} | _hidden:
        if len(value) >= _SHORTEST_SECRET:
            told = told.replace(value, "***")
    return told
