"""A mail server for tests, which takes its time and keeps what it is given."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_django import Settings


class MailServer(socketserver.ThreadingTCPServer):
    """Says nothing for ``seconds``, then takes one mail per connection (RFC 5321, as much of it as is needed)."""

    daemon_threads = True

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.seconds = seconds
        self.mails: list[str] = []


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        time.sleep(self.server.seconds)
        self._say("220 ready")
        while line := self.rfile.readline():
            word = line.split()[0].upper()
            if word == b"DATA":
                self._say("354 go on")
                self.server.mails.append("".join(self._lines()))
            self._say("221 bye" if word == b"QUIT" else "250 well")

    def _lines(self) -> Iterator[str]:
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            yield line.decode()

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def mail_server(settings: Settings, seconds: float = 0.0) -> Iterator[MailServer]:
    """Runs one, to which mail goes meanwhile."""
    with MailServer(seconds) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        goes_to(settings, server.server_address[1])
        yield server
        server.shutdown()
        thread.join()


def goes_to(settings: Settings, port: int) -> None:
    """Have mail sent there; nobody needs to listen."""
    settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
