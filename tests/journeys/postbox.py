"""A mail server that keeps the Message-ID of each mail it took as a whole, and may be slow."""

import socketserver
import threading
import time
from contextlib import contextmanager


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        self._say("220 postbox")
        while line := self.rfile.readline():
            verb = line.split(b" ")[0].strip().upper()
            if verb == b"QUIT":
                return self._say("221 bye")
            if verb == b"DATA":
                self._take()
            else:
                self._say("250 fine")

    def _take(self):
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return  # the sender died: nothing was taken
            lines.append(line)
        time.sleep(self.server.takes)
        found = [text for text in lines if text.lower().startswith(b"message-id:")]
        self.server.taken.append(found[0].partition(b":")[2].strip().decode())
        self._say("250 taken")

    def _say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """A sender that dies in the middle is what this is for."""


@contextmanager
def postbox(takes=0.0):
    """A running server: `taken` is what it took, `url` for EMAIL_URL; each mail takes it so many seconds."""
    with _Server(("127.0.0.1", 0), _Conversation) as server:
        server.taken, server.takes = [], takes
        server.url = f"smtp://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
