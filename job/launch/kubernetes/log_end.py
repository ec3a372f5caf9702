"""The end of a long answer, where a traceback is."""

import urllib3

MAX_LOG_BYTES = 16 * 2**20


def read_end(response: urllib3.HTTPResponse) -> bytes:
    """Return the end of a body, from the beginning of a line on, without holding all of it."""
    end = bytearray()
    is_cut = False
    for part in response.stream(2**20):
        end += part
        is_cut |= len(end) > MAX_LOG_BYTES
        del end[:-MAX_LOG_BYTES]
    return bytes(end[end.find(b"\n") + 1 :] if is_cut else end)
