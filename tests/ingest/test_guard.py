"""Rules for which URLs and addresses may be touched."""

import errno
import ipaddress
import socket

import pytest

from monitor.ingest import guard

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "0.255.255.255",
    "100.127.255.254",
    "192.0.0.8",
    "192.0.0.9",
    "192.0.0.171",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.254",
    "198.51.100.1",
    "203.0.113.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "fe80::1",
    "fec0::1",
    "fd12:3456::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::808:808",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "2002:c058:6301::",
    "::8.8.8.8",
    "::ffff:0:127.0.0.1",
    "::ffff:0:8.8.8.8",
    "64:ff9b::ffff:ffff",
    "64:ff9b:0:0:0:1::1",
    "64:ff9b:1:ffff::a00:1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:0:808:808:0:ffff:80ff:fffe",
    "2001:2::1",
    "2001:10::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "2606:4700::5efe:a00:1",
    "2606:4700::200:5efe:7f00:1",
    "fe80::5efe:808:808",
    "3ffe::1",
    "3fff:fff::1",
    "4000::1",
    "5f00::1",
    "200::1",
    "8000::1",
    "fe00::1",
    "ff0e::1",
]
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "11.22.33.44",
    "100.63.255.255",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.254",
    "2606:4700::1111",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2400:cb00::1",
    "2a00:1450::1",
    "2606:4700::5efe:808:808",
    "2606:4700::5eff:a00:1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_address_is_refused(address: str) -> None:
    """Whatever is not one public host is private, also inside an IPv6 wrapping."""
    assert guard.is_private(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_allowed(address: str) -> None:
    """Public addresses stay public when IPv6 wraps them: a NAT64 network reaches all IPv4 hosts so."""
    assert not guard.is_private(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("127.0.0.1.", "127.0.0.1"),
        ("[::1]", "::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("8.8.8.8", "8.8.8.8"),
        ("0X7F.0.0x0.01", "127.0.0.1"),
        ("017700000001", "127.0.0.1"),
        ("000000000177.0.0.1", "127.0.0.1"),
        ("127.0.0.1..", "127.0.0.1"),
        ("0:0:0:0:0:ffff:7f00:0001", "::ffff:127.0.0.1"),
        ("[::ffff:7f00:1%lo]", "::ffff:127.0.0.1"),
        ("3232235777", "192.168.1.1"),
    ],
)
def test_every_spelling_of_an_address_is_read(host: str, address: str) -> None:
    """What the C library takes for an address is an address here too."""
    assert guard.literal_address(host) == ipaddress.ip_address(address)


@pytest.mark.parametrize(
    "host",
    ["news.example", "127.0.0.1.example", "0x7g", "1.2.3.4.5", "999.1.1.1", "", "8.8.8.8%2e1", "%31.1"],
)
def test_a_name_is_no_address(host: str) -> None:
    """A name is left to the check at connect time."""
    assert guard.literal_address(host) is None


@pytest.mark.parametrize(
    ("scheme", "host", "port", "why"),
    [
        ("ftp", "news.example", 21, "scheme 'ftp'"),
        ("", "news.example", 80, "scheme 'missing'"),
        ("http", "", 80, "no host"),
        ("http", "news.example", 25, "port 25"),
        ("http", "news.example", None, "port None"),
        ("http", "127.0.0.1", 80, "private address"),
        ("http", "localhost", 80, "private address"),
        ("http", "LOCALHOST.", 80, "private address"),
        ("http", "db.internal", 80, "private address"),
        ("http", "printer.local", 8080, "private address"),
        ("http", "news.localhost", 80, "private address"),
        ("http", "nas.home.arpa", 80, "private address"),
        ("http", "wiki.corp", 80, "private address"),
        ("http", "router.lan.", 80, "private address"),
        ("http", "router", 80, "no public host's name"),
        ("http", "ip6-localhost", 80, "no public host's name"),
        ("http", "127%2e0%2e0%2e1", 80, "no public host's name"),
        ("http", "%31%32%37.0.0.1", 80, "no public host's name"),
        ("http", "8.8.8.8%2e10.0.0.1", 80, "no public host's name"),
        ("http", "news.example%00.inside", 80, "no public host's name"),
        ("http", "news.example%20", 80, "no public host's name"),
        ("http", "news..example", 80, "no public host's name"),
        ("http", ".news.example", 80, "no public host's name"),
        ("http", "4294967297", 80, "no public host's name"),
        ("http", "0x.0x.0x.0x1", 80, "no public host's name"),
        ("http", "1.2.3.4.5", 80, "no public host's name"),
        ("http", "news.example.127", 80, "no public host's name"),
        ("http", "127.0.0.1;news.example", 80, "no public host's name"),
        ("http", "news.example,inside.example", 80, "no public host's name"),
        ("http", "v1.fe80::a", 80, "no public host's name"),
        ("http", f"{'a' * 64}.example", 80, "no public host's name"),
        ("http", f"{'a.' * 130}example", 80, "no public host's name"),
        ("http", "1" * 5000, 80, "no public host's name"),
        ("http", "news.example", 0, "port 0"),
        ("http", "news.example", 65536, "port 65536"),
        ("http", "news.example", 1023, "port 1023"),
        ("http", "2606:4700::1111", 80, ""),
        ("http", "news.example.", 80, ""),
        ("http", "báo.example", 80, ""),
        ("http", "ニュース.example", 80, ""),
        ("http", "ข่าว.example", 80, ""),
        ("http", "xn--bo-lia.example", 80, ""),
        ("http", "123.news.example", 80, ""),
        ("http", "a_b-c.news.example", 80, ""),
        ("https", "news.example", 443, ""),
        ("http", "news.example", 8080, ""),
        ("http", "localhost.example", 80, ""),
        ("https", "8.8.8.8", 443, ""),
    ],
)
def test_urls_are_refused_before_any_request(scheme: str, host: str, port: int | None, why: str) -> None:
    """Only http(s), ports 80, 443 and from 1024, and no literal private host."""
    reason = guard.refusal(scheme, host, port)
    assert why in reason if why else reason == ""
    assert len(reason) < 160


def _info(address: str, port: int = 80) -> guard.AddressInfo:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.SOCK_STREAM, 0, "", (address, port)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "fe80::1%lo", "::ffff:10.0.0.1", "::ffff:0:10.0.0.1", "2001::1", "192.0.0.8"],
)
def test_no_socket_for_a_private_address(address: str) -> None:
    """The address really connected to is checked, so a DNS answer cannot lead inside."""
    with pytest.raises(OSError, match=guard.REFUSED) as caught:
        guard.guarded_socket(_info(address))
    assert caught.value.errno == errno.EACCES


def test_a_socket_for_a_public_address() -> None:
    """A public address gets a plain socket, not yet connected."""
    with guard.guarded_socket(_info("8.8.8.8")) as made:
        assert made.family == socket.AF_INET


def test_listed_hosts_get_only_their_ports() -> None:
    """The pool for listed hosts reaches private addresses, but no other port."""
    factory = guard.socket_for_ports(frozenset({8600}))
    with factory(_info("127.0.0.1", 8600)) as made:
        assert made.family == socket.AF_INET
    with pytest.raises(OSError, match=guard.REFUSED):
        factory(_info("127.0.0.1", 22))
