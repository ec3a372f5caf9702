"""On which S3 server, and as whom: by the usual AWS variables, or by options of a command."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class S3Access:
    """A server and credentials, with the names that messages give to what says so.

    Nothing given: the AWS variables say both. With a profile, they say neither: they are those of
    the store, which may be on another server. The endpoint is then the given one, or that of the
    profile, or AWS.
    """

    endpoint: str | None = None
    """The server's URL."""
    profile: str | None = None
    """A profile of the AWS configuration files."""
    option: str = ""
    """`source` if the options `--source-endpoint` and `--source-profile` give both."""
    rights: str = "s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket"
    """What the credentials have to permit."""

    @property
    def is_by_variables(self) -> bool:
        """Whether it is the store's server, as the store's user."""
        return not (self.endpoint or self.profile)

    @property
    def endpoint_setting(self) -> str:
        """What names the server."""
        return f"--{self.option}-endpoint" if self.option else "AWS_ENDPOINT_URL"

    @property
    def credentials_settings(self) -> str:
        """What names the credentials."""
        if self.profile:
            return f"the profile {self.profile!r} of --{self.option}-profile"
        own = f"--{self.option}-profile, " if self.option else ""
        return f"{own}AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN or AWS_PROFILE"

    @property
    def region_setting(self) -> str:
        """What names the region."""
        return (
            f"the region of the profile {self.profile!r}" if self.profile else "AWS_DEFAULT_REGION"
        )

    @property
    def place(self) -> str:
        """What names the bucket."""
        return "the URL" if self.option else "the store's URL"


BY_VARIABLES = S3Access()


def without_keys(text: str) -> str:
    """Return a text in which the keys that URLs have before an `@` are stars."""
    return re.sub(r"(?<=://)[^/@\s]+(?=@)", "***", text)
