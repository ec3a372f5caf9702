"""How much memory this process has used."""

import re
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mib() -> int | None:
    """Return the most memory that this process has had resident, in MiB; None outside of Linux."""
    if not _STATUS.exists():
        return None
    found = re.search(r"^VmHWM:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    return round(int(found[1]) / 1024) if found else None
