"""Hands messages to Slack, Telegram and Microsoft Teams. The only module that knows apprise, which is an extra.

Its plugins are taken one by one: loading all of them would bring a hundred other services along, some of which run
programs or read files. It says no more than whether a message went; so a failure is never a refusal.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

from monitor.channel import scheme_of, told
from monitor.delivery.quoting import quoted
from monitor.errors import Misuse
from monitor.types import Deferred, Letter, SendOutcome, Sent, Unusable

MISSING = "chats need an extra: pip install 'vietnhat[chat]', or apprise where vietnhat runs from a checkout"

_PLUGINS = {
    "slack": ("apprise.plugins.slack", "NotifySlack"),
    "tgram": ("apprise.plugins.telegram", "NotifyTelegram"),
    "workflows": ("apprise.plugins.workflows", "NotifyWorkflows"),
}
_FORMS = {
    "slack": "slack://TokenA/TokenB/TokenC or slack://xoxb-BotToken/#channel",
    "tgram": "tgram://BotToken/ChatId",
    "workflows": "workflows://host:443/WorkflowId/Signature",
}
_OPTIONS: Mapping[str, frozenset[str]] = {
    "slack": frozenset({"mode"}),
    "tgram": frozenset({"topic", "thread", "silent"}),
    "workflows": frozenset({"ver", "api-version", "pa", "powerautomate", "route", "routeid"}),
}
"""What may follow the question mark. Others of apprise's read files (template), trust any certificate (verify), follow
redirects, or cut messages."""

_CONNECT, _READ, _WHOLE = 10.0, 20.0, 40.0
"""Seconds: until there is a connection, between two pieces of an answer, for all of it."""
_SILENT = 5.0
"""Seconds after which a failure was a wait: the library does not tell one from a refusal."""


class ChatWay:
    """The way out to chats. `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._silent: set[str] = set()

    def send(self, letter: Letter, _meanwhile: Callable[[], object] = lambda: None) -> SendOutcome:
        """Post one message, and say what became of it."""
        address = letter.recipient
        try:
            service = _service(address)
        except ImportError:
            return Unusable(MISSING)
        except Misuse as error:
            return Deferred(str(error))
        server = f"{scheme_of(address)} {service.host if scheme_of(address) == 'workflows' else ''}"
        if (
            server in self._silent
        ):  # many channels of one dead service must not hold up all others for minutes
            return Deferred(f"{told(address)} did not answer a moment ago")
        began = self._clock()
        outcome = self._post(service, letter)
        if isinstance(outcome, Deferred) and self._clock() - began >= _SILENT:
            self._silent.add(server)
        return outcome

    def _post(self, service: Any, letter: Letter) -> Sent | Deferred:
        import apprise

        address = letter.recipient

        chat = apprise.Apprise(asset=service.asset)
        chat.add(service)
        try:
            result = chat.notify(
                body=letter.raw.decode("utf-8"), title="", body_format=apprise.NotifyFormat.HTML
            )
            said = [entry.message for entry in result.logs()]
        except Exception as error:  # it promises none; one chat's must not end the run for all others
            return Deferred(f"{told(address)}: {quoted(repr(error), address)}")
        if result:
            return Sent(f"taken by {scheme_of(address)}")
        return Deferred(f"{told(address)}: {quoted('; '.join(said) or 'not taken', address)}")


def checked_chat(address: str) -> str:
    """The address of one channel of a chat service. Raises Misuse; its words do not repeat the address."""
    try:
        _service(address)
    except ImportError as error:
        raise Misuse(MISSING) from error
    return address


def _service(address: str) -> Any:
    """The library's object for an address. Raises Misuse, and ImportError without the library."""
    scheme = scheme_of(address)
    if scheme == "msteams":
        raise Misuse("msteams://: Microsoft has shut these down; make a workflow: " + _FORMS["workflows"])
    if scheme not in _PLUGINS:
        raise Misuse(f"{told(address)}: no such way out; there are https, {', '.join(_PLUGINS)}")
    if not address.isprintable() or re.search(r"\s", address):
        raise Misuse(f"{told(address)} holds blanks; write it as {_FORMS[scheme]}")
    _check_options(address, scheme)
    service = _made(address, scheme)
    if len(service) != 1 or not _names_a_chat(service, scheme):
        raise Misuse(f"{told(address)} must name one channel; write it as {_FORMS[scheme]}")
    return service


def _check_options(address: str, scheme: str) -> None:
    given = {name.lower() for name, _ in parse_qsl(address.partition("?")[2], keep_blank_values=True)}
    foreign = sorted(given - _OPTIONS[scheme])
    if foreign:
        raise Misuse(f"{told(address)}: the option {foreign[0]!r} is not taken; leave it out")


def _made(address: str, scheme: str) -> Any:
    import apprise

    _hush()
    module, name = _PLUGINS[scheme]
    plugin = getattr(import_module(module), name)
    asset = apprise.AppriseAsset(
        async_mode=False,
        http_redirects=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        service_timeout=_WHOLE,
    )
    try:
        parsed = plugin.parse_url(address)
        service = plugin(**parsed, asset=asset) if parsed else None
    except (TypeError, ValueError, LookupError, AttributeError) as error:  # also what apprise calls improper
        raise Misuse(f"{told(address)} is incomplete; write it as {_FORMS[scheme]}") from error
    if service is None:
        raise Misuse(f"{told(address)} is incomplete; write it as {_FORMS[scheme]}")
    service.include_image = service.include_footer = False
    service.socket_connect_timeout, service.socket_read_timeout = _CONNECT, _READ
    return service


def _names_a_chat(service: Any, scheme: str) -> bool:
    """A Telegram bot without a chat would look for somebody who wrote to it; that is nobody's choice."""
    return scheme != "tgram" or bool(service.targets)


def _hush() -> None:
    """Its own log quotes tokens of addresses it cannot read; what it says of a message comes with the result."""
    log = logging.getLogger("apprise")
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.NullHandler())
