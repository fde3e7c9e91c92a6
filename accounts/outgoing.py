"""Mail on its way out. A mail server that is slow or away neither holds up an answer nor makes it another one.

What is on its way lies in memory only, for a code that is sent by mail holds for minutes: if the web server stops
before it was sent, whoever asked for it asks again.
"""

from __future__ import annotations

from contextvars import copy_context
from smtplib import SMTPException
from threading import BoundedSemaphore, Thread

import structlog
from django.core.mail import EmailMessage

log = structlog.get_logger(__name__)

AT_ONCE = 20
"""So many may be on their way; further ones are not sent."""

_room = BoundedSemaphore(AT_ONCE)


def send(message: EmailMessage) -> bool:
    """Send it now; whether a mail server took it. What went wrong is logged, without a word of the mail."""
    try:
        return bool(message.send())
    # Of the network, of the mail server, of an address or a subject that cannot be written.
    except (OSError, SMTPException, ValueError) as error:
        log.warning("mail_not_sent", error=type(error).__name__)
        return False


def send_later(message: EmailMessage) -> None:
    """Have it sent beside the answer in hand, whose time and words do not depend on it."""
    if not _room.acquire(blocking=False):
        log.warning("mail_not_sent", error="TooManyAtOnce")
        return
    # With the id of the request, for the line of the log.
    Thread(target=copy_context().run, args=(_send_beside, message), name="outgoing-mail", daemon=True).start()


def wait() -> None:
    """Until whatever was on its way has been tried."""
    for _ in range(AT_ONCE):
        _room.acquire()
    _room.release(AT_ONCE)


def _send_beside(message: EmailMessage) -> None:
    try:
        send(message)
    finally:
        _room.release()
