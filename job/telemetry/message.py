"""A message to a chat or a pager when an experiment ends."""

import urllib3

from job.errors import ConfigError
from job.launch.observer import Observer
from job.progress import Phase
from job.runtime import log
from job.runtime.secret import read_secret

_VARIABLE = "AL_NOTIFY_URL"
_TIMEOUT = urllib3.Timeout(connect=5.0, read=10.0)
_RETRIES = urllib3.Retry(
    total=3, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), allowed_methods=None
)
_TOLD: tuple[Phase, ...] = ("finished", "failed", "needs labels")
_REFUSED = 400


def notify_url() -> str | None:
    """Return the address that is told, if there is one. It is a secret: who knows it may write.

    Raises:
        ConfigError: The file that holds it cannot be read, or it is not an address.
    """
    url = read_secret(_VARIABLE)
    if url and not url.startswith(("http://", "https://")):
        message = f"{_VARIABLE}: not an address that begins with https:// or http://; correct it"
        raise ConfigError(message)
    return url


class Message(Observer):
    """Calls a webhook when the experiment has finished, has failed, or needs people."""

    def __init__(self, url: str, experiment: str, release: str) -> None:
        self._url = url
        self._experiment = experiment
        self._release = release
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=_RETRIES)

    def phase_changed(self, phase: Phase, message: str) -> None:
        """Send a message, if the experiment ends with this. One that is lost is logged."""
        if phase not in _TOLD:
            return
        words = f"experiment {self._experiment} of release {self._release}: {phase}"
        content = {
            "text": f"{words}: {message}" if message else words,
            "experiment": self._experiment,
            "release": self._release,
            "phase": phase,
            "message": message,
        }
        try:
            answer = self._pool.request("POST", self._url, json=content)
        except urllib3.exceptions.HTTPError as error:
            _lost(type(error).__name__)  # its words have the address
        else:
            if answer.status >= _REFUSED:
                _lost(f"{_VARIABLE}: answered with {answer.status}")


def _lost(reason: str) -> None:
    log.get().warning("notify.lost", reason=reason)
