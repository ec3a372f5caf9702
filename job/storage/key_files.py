"""Keys of a bucket in files, such as those of a Secret that is mounted into a pod.

`AL_STORE_KEYS` names their folder. A file is called like the variable whose value it has. A
variable that is set counts more than the file.
"""

import os
from pathlib import Path

from job.errors import ConfigError

FOLDER = "AL_STORE_KEYS"
_ATTEMPTS = 3
"""Kubernetes replaces files at most once a minute."""


def keys_in_files(*names: str) -> list[str]:
    """Return the values of keys that belong together: empty texts for those without a file.

    Raises:
        ConfigError: A file cannot be read.
    """
    given = os.environ.get(FOLDER)
    if not given:
        return ["" for _ in names]
    folder = Path(given)
    for _ in range(_ATTEMPTS):
        # Kubernetes replaces all files of a Secret at once, by another target of this link.
        target = (folder / "..data").resolve()
        texts = [_text((target if target.is_dir() else folder) / name) for name in names]
        if target == (folder / "..data").resolve():
            break
    return texts


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        message = f"{FOLDER}: {path}: {reason}; let it be a file that this user may read"
        raise ConfigError(message) from error
