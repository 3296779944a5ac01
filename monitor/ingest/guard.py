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
_GLOBAL = ipaddress.IPv6Network("2000::/3")
"""All that IANA has given out as global unicast; what lies outside is local, a wrapping, or nothing yet."""

# Python's own tables differ from one patch release to the next; what matters of IANA's registries stands here too.
_NO_HOST = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # protocol assignments: DS-Lite, NAT64 discovery
            "192.88.99.0/24",  # 6to4 relays, any of them
            "198.18.0.0/15",  # benchmarks
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "3ffe::/16",  # 6bone, given back
            "3fff::/20",  # documentation
        ),
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)
_NUMBERS_AND_DOTS = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}", re.IGNORECASE)
_NUMBER_LAST = re.compile(r"(?:.*\.)?(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_LABEL = r"[^\x00-\x2c./:-@[-^`{-\xa0\s]{1,63}"  # letters of any script, digits, "-" and "_"
_NAME = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)+{_LABEL}")
_LOCAL_NAME = re.compile(
    r"(?:.*\.)?(?:localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa)",
    re.IGNORECASE,
)


def refusal(scheme: str, host: str, port: int | None) -> str:
    """Why this URL is never asked for, or "" if it may be; the address behind a name is checked later."""
    if scheme not in ("http", "https"):
        return f"scheme {scheme or 'missing'!r}: only http and https are fetched"
    if not host:
        return "no host in the URL"
    if port is None or not (port in (80, 443) or 1024 <= port <= 65535):
        return f"port {port} is refused: 80, 443 and 1024 or higher are allowed"
    address = literal_address(host)
    if address is not None:
        return f"{REFUSED} {host[:80]} ({address}) is refused" if is_private(address) else ""
    return _refused_name(host)


def _refused_name(host: str) -> str:
    """A proxy looks names up itself, and may read more into them than we: only plain ones with a dot are asked for."""
    name = host.removesuffix(".")
    if _LOCAL_NAME.fullmatch(name.rstrip(".")):
        return f"{REFUSED}: the name {host[:80]} is refused"
    if not _NAME.fullmatch(name) or _NUMBER_LAST.fullmatch(name):
        return f"{host[:80]!r} is no public host's name"
    return ""


def literal_address(host: str) -> Address | None:
    """The address a host spells out, in any form the C library reads: 127.1, 0x7f000001, 2130706433, 0."""
    bare = host.strip("[]").rstrip(".")
    if ":" in bare:
        bare = bare.split("%")[0]  # a zone, which says through which interface
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
    if any(address in network for network in _NO_HOST):
        return True
    if isinstance(address, ipaddress.IPv4Address):
        return not address.is_global or address.is_multicast or address.is_reserved
    inner = _wrapped(address)
    if inner is not None:
        return is_private(inner)
    return address not in _GLOBAL or not address.is_global


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 host that a translator or tunnel would reach. Teredo's is refused with all its kind."""
    number = int(address)
    if address in _NAT64 or (address in _GLOBAL and number >> 32 & 0xFFFFFFFF in _ISATAP):
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
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
