"""The client of an S3 server, and the settings that it is made from.

A mistake in a setting is found here, before a request is sent: later it would look like a server
that is down.
"""

import functools
import os
import re
import ssl
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from boto3.session import Session
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError, InvalidRegionError
from botocore.loaders import Loader, create_loader

from job.errors import ConfigError
from job.storage.s3_access import BY_VARIABLES, S3Access
from job.storage.s3_errors import WebPageError, hide, without_secrets
from job.storage.s3_keys import CREDENTIALS, KeyFiles
from job.storage.s3_options import addressing_style, check_options, parameters

MAX_CONNECTIONS = 32

_ANY_SERVER: dict[str, Any] = {
    "max_pool_connections": MAX_CONNECTIONS,
    "connect_timeout": 10,
    "read_timeout": 60,
}

ATTEMPTS = 8
"""How often a call is tried, unless AWS_MAX_ATTEMPTS says: some seconds; 15 are about a minute."""

_NOT_AWS: dict[str, Any] = {
    "request_checksum_calculation": "when_required",  # other servers refuse the newer checksums
    "response_checksum_validation": "when_required",
}


def new_client(access: S3Access = BY_VARIABLES) -> Any:
    """Return a client.

    Args:
        access: For which server, and as whom.

    Raises:
        ConfigError: A setting cannot be right; its name is told, and no secret.
    """
    _check_variables()
    check_options()
    # Its own: the default session is not for several threads.
    core = botocore.session.Session(profile=access.profile)
    core.register_component("data_loader", _loader(core.get_config_variable("data_path")))
    if not access.profile:
        files = KeyFiles(_check_keys)
        core.get_component("credential_provider").insert_after("env", files)
    session = Session(botocore_session=core)
    try:
        client = _made(session, access)
    except InvalidRegionError as error:
        message = f"{access.region_setting}: {error}; expected such as us-east-1"
        raise ConfigError(message) from error
    except BotoCoreError:
        raise
    except ValueError as error:
        is_endpoint = "endpoint" in str(error).lower()
        place = access.endpoint_setting if is_endpoint else "AWS settings"
        message = f"{place}: {without_secrets(error)}; expected such as https://host:port"
        raise ConfigError(message) from error
    _check_credentials(session)
    if client.meta.endpoint_url.startswith("https:"):
        _check_authorities(session)
    # By this pattern it comes before botocore makes a failure of the server of such an answer.
    client.meta.events.register_first("before-parse.*.*", _refuse_web_page)
    client.meta.events.register("before-parameter-build.s3", parameters(access))
    return client


@functools.cache
def _loader(path: str | None) -> Loader:
    """Return the descriptions of S3, which are megabytes of JSON: all clients share them."""
    return create_loader(path)


def _made(session: Session, access: S3Access) -> Any:
    place = _place(session, access)
    own = {"ignore_configured_endpoint_urls": True} if access.profile else {}
    attempts = {} if "AWS_MAX_ATTEMPTS" in os.environ else {"total_max_attempts": ATTEMPTS}
    settings = _ANY_SERVER | own | {"retries": {"mode": "standard", **attempts}}
    configured = session._session.get_config_variable("s3") or {}  # noqa: SLF001 - no public way
    style = addressing_style(access, configured)
    of_style = {"s3": {"addressing_style": style}} if style else {}
    client = session.client("s3", config=Config(**settings, **of_style), **place)
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    if host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return client
    # Most of them do not know a bucket by a host name.
    of_style = {"s3": {"addressing_style": style or "path"}}
    return session.client("s3", config=Config(**settings, **_NOT_AWS, **of_style), **place)


def _place(session: Session, access: S3Access) -> dict[str, str | None]:
    """Return the server and the region, if the AWS variables do not say them."""
    if not access.profile:
        return {"endpoint_url": access.endpoint}
    core = session._session  # noqa: SLF001 - no public way
    profile = core.get_scoped_config()
    services = core.full_config.get("services", {}).get(profile.get("services"), {})
    own = services.get("s3", {}).get("endpoint_url") or profile.get("endpoint_url")
    return {"endpoint_url": access.endpoint or own, "region_name": profile.get("region")}


def _check_variables() -> None:
    """Refuse values of AWS variables that no such variable has."""
    for name in sorted(name for name in os.environ if name.startswith("AWS_")):
        _refuse_control_characters(name, os.environ[name])
    attempts = os.environ.get("AWS_MAX_ATTEMPTS", "1")
    if not re.fullmatch("[0-9]+", attempts, re.ASCII) or int(attempts) < 1:
        message = f"AWS_MAX_ATTEMPTS: {attempts!r} is not a whole number of at least 1"
        raise ConfigError(message)
    for name in CREDENTIALS:
        _refuse_other_letters(name, os.environ.get(name, ""))


def _refuse_control_characters(name: str, value: str) -> None:
    if "\n" in value or "\r" in value:
        message = (
            f"{name}: the value has a line break; make it one line (`echo` ends in a line break, "
            "`printf` does not)"
        )
        raise ConfigError(message)
    if any(ord(letter) < ord(" ") or letter == "\x7f" for letter in value):
        message = f"{name}: the value has a tab or another control character; remove it"
        raise ConfigError(message)


def _refuse_other_letters(name: str, value: str) -> None:
    """Refuse a credential with a letter that no credential has; the value is never shown."""
    if not re.fullmatch(r"[\x21-\x7e]*", value):
        message = f"{name}: the value has a blank or a letter that is not ASCII; copy it again"
        raise ConfigError(message)


def _check_credentials(session: Session) -> None:
    """Hold credentials of a file against the rules of those of the environment."""
    found = session.get_credentials()
    if found is None or isinstance(found, RefreshableCredentials):
        return
    _check_keys(found.method, found.access_key, found.secret_key, found.token)


def _check_keys(method: str, access_key: str, secret_key: str, token: str | None) -> None:
    """Refuse credentials that cannot be right, and hide them in messages."""
    hide(secret_key, token)
    for name, value in zip(CREDENTIALS, (access_key, secret_key, token), strict=True):
        where = f"{name.lower()} ({method})"
        _refuse_control_characters(where, value or "")
        _refuse_other_letters(where, value or "")


def _check_authorities(session: Session) -> None:
    """Refuse a bundle of certificates that cannot be read."""
    bundle = session._session.get_config_variable("ca_bundle")  # noqa: SLF001 - no public way
    name = "AWS_CA_BUNDLE" if bundle else "REQUESTS_CA_BUNDLE"
    bundle = bundle or os.environ.get("REQUESTS_CA_BUNDLE")
    if not bundle:
        return
    try:
        ssl.create_default_context(cafile=bundle)
    except ssl.SSLError as error:
        message = f"{name}: {bundle}: not a file of certificates in PEM form; name another"
        raise ConfigError(message) from error
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
        message = f"{name}: {bundle}: {reason}; name a file of certificates in PEM form"
        raise ConfigError(message) from error


def _refuse_web_page(response_dict: dict[str, Any], **_: object) -> None:
    """Raise an error if a server answers success with a web page, which no S3 server does.

    An object may be a web page itself; then the answer has the headers of S3. An answer without a
    body may be labelled as a page by a server that labels everything so.
    """
    headers = {name.lower(): value for name, value in response_dict["headers"].items()}
    status = response_dict["status_code"]
    is_empty = status == HTTPStatus.NO_CONTENT or headers.get("content-length") == "0"
    is_page = headers.get("content-type", "").startswith("text/html") and not is_empty
    is_s3 = any(name.startswith("x-amz-") for name in headers)
    if status < HTTPStatus.MULTIPLE_CHOICES and is_page and not is_s3:
        raise WebPageError
