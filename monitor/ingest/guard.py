"""Which addresses and URLs the fetcher may touch: the public internet over http(s), nothing else.

The rule is applied twice: to the URL before it is asked for, and to the address really connected to
(`guarded_socket`), so that neither a DNS answer nor a redirect nor an odd spelling reaches inside.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
from collections.abc import Callable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]

REFUSED = "private address"
"""The words by which a refusal is known again after aiohttp has wrapped it."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_INSIDE = (ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_NUMBERS_AND_DOTS = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}", re.IGNORECASE)
_LOCAL_NAME = re.compile(r"(?:.*\.)?(?:localhost|localdomain|local|internal)", re.IGNORECASE)


def refusal(scheme: str, host: str, port: int | None) -> str:
    """Why this URL is never asked for, or "" if it may be; the address behind a name is checked later."""
    if scheme not in ("http", "https"):
        return f"scheme {scheme or 'missing'!r}: only http and https are fetched"
    if not host:
        return "no host in the URL"
    if port is None or not (port in (80, 443) or 1024 <= port <= 65535):
        return f"port {port} is refused: 80, 443 and 1024 or higher are allowed"
    address = literal_address(host)
    if address is not None and is_private(address):
        return f"{REFUSED} {host} ({address}) is refused"
    if _LOCAL_NAME.fullmatch(host.rstrip(".")):
        return f"{REFUSED}: the name {host} is refused"
    return ""


def literal_address(host: str) -> Address | None:
    """The address a host spells out, in any form the C library reads: 127.1, 0x7f000001, 2130706433, 0."""
    bare = host.strip("[]").rstrip(".").split("%")[0]
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    if not _NUMBERS_AND_DOTS.fullmatch(bare):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(bare))
    except OSError:
        return None


def is_private(address: Address) -> bool:
    """True for all that is not one public host; an IPv4 address wrapped in IPv6 counts as itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return not address.is_global or address.is_multicast or address.is_reserved
    inner = _wrapped(address)
    if inner is not None:
        return is_private(inner)
    inside = address.is_site_local or any(address in network for network in _INSIDE)
    return inside or not address.is_global or address.is_multicast


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def guarded_socket(info: AddressInfo) -> socket.socket:
    """A socket factory for aiohttp that refuses private addresses at the moment of connecting."""
    address = ipaddress.ip_address(str(info[4][0]).split("%")[0])
    if is_private(address):
        raise OSError(errno.EACCES, f"{REFUSED} {address} is refused")
    return _socket(info)


def socket_for_ports(ports: frozenset[int]) -> Callable[[AddressInfo], socket.socket]:
    """A socket factory for the hosts an operator listed: any address, but only on the listed ports."""

    def listed_socket(info: AddressInfo) -> socket.socket:
        if info[4][1] not in ports:
            raise OSError(errno.EACCES, f"{REFUSED} {info[4][0]} port {info[4][1]} is refused")
        return _socket(info)

    return listed_socket


def _socket(info: AddressInfo) -> socket.socket:
    return socket.socket(family=info[0], type=info[1], proto=info[2])
