"""What the store's bucket wants beside a name, by variables that no AWS program reads.

Each variable is the same as the parameter of S3's API that it becomes.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

from job.errors import ConfigError
from job.storage.s3_access import S3Access

_STYLE, _PAYER = "AL_S3_ADDRESSING_STYLE", "AL_S3_REQUEST_PAYER"
_ENCRYPTION, _KEY = "AL_S3_ENCRYPTION", "AL_S3_KMS_KEY_ID"
_KMS = ("aws:kms", "aws:kms:dsse")
_VALUES = {
    _STYLE: ("path", "virtual", "auto"),
    _ENCRYPTION: ("AES256", *_KMS),
    _PAYER: ("requester",),
}


def check_options() -> None:
    """Refuse values that no such variable has.

    Raises:
        ConfigError: There is one; its name is told.
    """
    for name, values in _VALUES.items():
        given = os.environ.get(name, "")
        if given and given not in values:
            message = f"{name}: unknown {given!r}; known: {', '.join(values)}"
            raise ConfigError(message)
    if os.environ.get(_KEY) and os.environ.get(_ENCRYPTION) not in _KMS:
        message = f"{_KEY}: a key of KMS is for {_ENCRYPTION}=aws:kms or aws:kms:dsse: set it"
        raise ConfigError(message)


def addressing_style(access: S3Access, profile: Mapping[str, Any]) -> str:
    """Return how requests name the bucket: `path`, `virtual` (in the host name) or `auto`.

    It is empty if nothing says it.

    Args:
        access: For which server, and as whom.
        profile: The section `s3` of the profile in use.
    """
    of_variable = os.environ.get(_STYLE, "") if access.is_by_variables else ""
    return of_variable or profile.get("addressing_style", "")


def parameters(access: S3Access) -> Callable[..., None]:
    """Return a handler of botocore's event that adds parameters to each request that knows them.

    A key of encryption is the store's alone. That the requester pays is said everywhere: it changes
    nothing for a bucket whose owner pays.
    """
    given = {"RequestPayer": os.environ.get(_PAYER)}
    if access.is_by_variables:
        given |= {
            "ServerSideEncryption": os.environ.get(_ENCRYPTION),
            "SSEKMSKeyId": os.environ.get(_KEY),
        }

    def add(params: dict[str, Any], model: Any, **_: object) -> None:
        known = model.input_shape.members
        params.update({name: value for name, value in given.items() if value and name in known})

    return add
