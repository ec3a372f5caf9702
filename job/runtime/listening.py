"""Where a server of this process listens."""

import socket


def any_address() -> tuple[socket.AddressFamily, str]:
    """Return the family and the address of all interfaces, of IPv6 and IPv4 if there are both."""
    if socket.has_dualstack_ipv6():
        return socket.AF_INET6, "::"
    return socket.AF_INET, "0.0.0.0"  # noqa: S104 - pods of others read it
