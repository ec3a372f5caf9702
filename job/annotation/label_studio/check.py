"""Whether Label Studio answers, before anybody waits for it."""

from job.annotation.label_studio.client import LabelStudioClient
from job.annotation.label_studio.token import VARIABLE, read_token
from job.runtime.secret import read_secret


def check_label_studio(url: str) -> str:
    """Return what there is at an address, in words; without a token here, nobody asks.

    Raises:
        ConfigError: It is not a Label Studio, or does not take the token.
        TemporaryError: It does not answer.
    """
    if read_secret(VARIABLE) is None:
        return f"{url} was not asked: {VARIABLE} is not set here"
    found = LabelStudioClient(url, read_token()).get("/api/projects", page_size=1, include="id")
    return f"{url} answers, and takes the token; projects: {found['count']}"
