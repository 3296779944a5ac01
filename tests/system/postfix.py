"""A Postfix of our own on loopback: its configuration, queue and log in one folder, its only way out a given port."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port
from tests.system.house import until

POSTFIX = shutil.which("postfix") or shutil.which("postfix", path="/usr/sbin")

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
myhostname = relay.example
mydestination =
alias_maps =
local_recipient_maps =
local_transport = error:there is nobody here
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
disable_dns_lookups = yes
relayhost = [127.0.0.1]:{out}
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@contextmanager
def postfix(out: int) -> Iterator[int]:
    """The port of a relay that hands everything on to the port `out` of this machine."""
    assert POSTFIX, "who calls has looked"
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="postfix-") as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)  # its processes run as another user
        for name in ("etc", "queue", "data"):
            (folder / name).mkdir(mode=0o755)
        shutil.chown(folder / "data", "postfix")
        (folder / "etc/main.cf").write_text(MAIN.format(folder=folder, out=out))
        (folder / "etc/master.cf").write_text(MASTER.format(port=port))
        try:
            _call(folder, "start")
            assert until(lambda: _listens(port), seconds=30), (folder / "log").read_text()
            yield port
        finally:
            _call(folder, "stop")


def _call(folder: Path, word: str) -> None:
    words = [str(POSTFIX), "-c", str(folder / "etc"), word]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
