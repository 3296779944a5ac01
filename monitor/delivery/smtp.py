"""Hands letters to a mail server over one kept connection. The only module that knows smtplib.

Nothing here raises for the network. What fails before a letter is offered (connection, TLS, login) is
Unusable: no letter is to blame. Once DATA has begun a lost connection is not retried: the server may hold the
letter (RFC 1047).
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Literal, Self

from monitor.delivery.replies import CLOSING, Lost, Reply, to_letter, to_recipient, to_sender
from monitor.masking import MASK, brief
from monitor.types import Deferred, Letter, Refused, SendOutcome, Unusable

_IMPLICIT_TLS_PORT = 465
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MAX_WORDS = 300
_PROBE_SECONDS = 15.0
_GO_AHEAD = 354
_DOTS = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class SmtpPolicy:
    """How to reach the mail server. Port 465 speaks TLS from the start, whatever `starttls` says.

    Seconds: `timeout` for one command, `data_timeout` for the answer to a letter (a short one makes copies).
    """

    host: str
    sender: str
    port: int = 587
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    starttls: Literal["required", "off", "implicit"] = "required"
    timeout: float = 60.0
    data_timeout: float = 600.0

    @property
    def implicit_tls(self) -> bool:
        """Whether the connection begins with TLS."""
        return self.starttls == "implicit" or self.port == _IMPLICIT_TLS_PORT

    @property
    def encrypted(self) -> bool:
        """Whether what we send travels encrypted."""
        return self.implicit_tls or self.starttls == "required"


class SmtpWay:
    """The way out through a mail server. Connects with the first letter, and again when the server hung up.

    `tls` replaces the system's trust; by default certificate and host name are verified against it.
    """

    def __init__(self, policy: SmtpPolicy, tls: ssl.SSLContext | None = None) -> None:
        self._policy = policy
        self._tls = tls or ssl.create_default_context()
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except OSError:
                self._smtp.close()
            self._smtp = None

    def send(self, letter: Letter, meanwhile: Callable[[], object] = lambda: None) -> SendOutcome:
        """Offer one letter, and say what became of it. `meanwhile` is called when it is handed over, before the answer
        is read; it must not raise."""
        if self._smtp is not None:
            outcome = self._offer(self._smtp, letter, meanwhile)
            if not isinstance(outcome, Lost):
                return outcome
            self._drop()
        try:
            self._smtp = self._connect()
        except (OSError, ValueError) as error:
            return Unusable(f"mail server {self._policy.host}:{self._policy.port}: {self._words(error)}")
        outcome = self._offer(self._smtp, letter, meanwhile)
        return Deferred(outcome.reply) if isinstance(outcome, Lost) else outcome

    def probe(self) -> Unusable | None:
        """Connect, encrypt, log in and say goodbye, without a letter; None when all of it works."""
        patient, self._policy = self._policy, replace(self._policy, timeout=_PROBE_SECONDS)
        try:
            smtp = self._connect()
            smtp.noop()
            smtp.quit()
        except (OSError, ValueError) as error:
            return Unusable(f"mail server {patient.host}:{patient.port}: {self._words(error)}")
        finally:
            self._policy = patient
        return None

    def _connect(self) -> smtplib.SMTP:
        policy = self._policy
        us = policy.sender.rpartition("@")[2]
        if policy.user and not policy.encrypted and policy.host not in _LOOPBACK:
            raise ValueError("the password would travel unencrypted; require STARTTLS, or use port 465")
        smtp: smtplib.SMTP
        if policy.implicit_tls:
            smtp = smtplib.SMTP_SSL(policy.host, policy.port, us, timeout=policy.timeout, context=self._tls)
        else:
            smtp = smtplib.SMTP(policy.host, policy.port, us, timeout=policy.timeout)
        try:
            self._greet(smtp)
        except (OSError, ValueError):
            smtp.close()
            raise
        return smtp

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self._policy.starttls == "required" and not self._policy.implicit_tls:
            smtp.starttls(context=self._tls)
            smtp.ehlo_or_helo_if_needed()
        if self._policy.user:
            smtp.login(self._policy.user, self._policy.password or "")

    def _offer(
        self, smtp: smtplib.SMTP, letter: Letter, meanwhile: Callable[[], object]
    ) -> SendOutcome | Lost:
        try:
            against = self._address(smtp, letter)
        except OSError as error:
            self._drop()
            return Lost(self._words(error))
        if against is None:
            return self._hand_over(smtp, letter.raw, meanwhile)
        self._reset(smtp)
        return against

    def _address(self, smtp: smtplib.SMTP, letter: Letter) -> SendOutcome | Lost | None:
        """MAIL and RCPT; None when the server wants the letter."""
        options = [f"size={len(letter.raw)}"] if smtp.has_extn("size") else []
        if not letter.recipient.isascii():
            if not smtp.has_extn("smtputf8"):
                return Refused("the address needs SMTPUTF8, which the mail server does not offer")
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        against = to_sender(self._reply(*smtp.mail(self._policy.sender, options)))
        return against or to_recipient(self._reply(*smtp.rcpt(letter.recipient)))

    def _hand_over(self, smtp: smtplib.SMTP, raw: bytes, meanwhile: Callable[[], object]) -> SendOutcome:
        """Not by `smtplib.SMTP.data`, which sits and waits for the answer."""
        try:
            self._set_timeout(smtp, self._policy.data_timeout)
            reply = self._reply(*smtp.docmd("DATA"))
            if reply.code != _GO_AHEAD:
                self._reset(smtp)
                return to_letter(reply) if reply.code >= 400 else Deferred(f"no leave to send: {reply}")
            smtp.send(_DOTS.sub(b"..", raw) + b".\r\n")
            meanwhile()
            reply = self._reply(*smtp.getreply())
            self._set_timeout(smtp, self._policy.timeout)
        except OSError as error:
            self._drop()
            return Deferred(f"no answer to the letter: {self._words(error)}")
        if reply.code == CLOSING:
            self._drop()
        return to_letter(reply)

    def _reset(self, smtp: smtplib.SMTP) -> None:
        """Make the connection ready for the next letter, or give it up."""
        try:
            self._set_timeout(smtp, self._policy.timeout)
            code, _ = smtp.rset()
        except OSError:
            code = CLOSING
        if code != 250:
            self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def _set_timeout(self, smtp: smtplib.SMTP, seconds: float) -> None:
        if smtp.sock is not None:  # pragma: no branch  (it is connected here; smtplib's type cannot say so)
            smtp.sock.settimeout(seconds)

    def _words(self, error: Exception) -> str:
        match error:
            case smtplib.SMTPResponseException():
                return str(self._reply(error.smtp_code, error.smtp_error))
            case ssl.SSLCertVerificationError():
                return self._safe(f"its certificate is not to be trusted: {error.verify_message}")
            case UnicodeError():
                return "host, user or password holds letters that SMTP cannot carry"
            case _:
                return self._safe(str(error) or type(error).__name__)

    def _reply(self, code: int, words: bytes | str) -> Reply:
        text = words if isinstance(words, str) else words.decode("utf-8", "replace")
        return Reply(code, self._safe(text))

    def _safe(self, words: str) -> str:
        """Words for the log: one line, short, without the password should the server repeat it."""
        if self._policy.password:
            words = words.replace(self._policy.password, MASK)
        return brief(words, _MAX_WORDS)
