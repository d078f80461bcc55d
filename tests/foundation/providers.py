"""Providers that answer as a test wants: an HTTP gateway and a mail server, real ones on this machine."""

import json
import socketserver
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


@contextmanager
def served(server):
    """Serve in a thread during the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Gateway(HTTPServer):
    """Answers with the scripted statuses in turn, the last one for ever; keeps what it was sent."""

    def __init__(self, *statuses, answer=None, seconds=0.0):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.statuses, self.answer, self.seconds = list(statuses) or [200], answer, seconds
        self.calls, self.headers = [], []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/send"


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        gateway = self.server
        gateway.calls.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        gateway.headers.append(dict(self.headers))
        time.sleep(gateway.seconds)
        status = gateway.statuses.pop(0) if len(gateway.statuses) > 1 else gateway.statuses[0]
        text = json.dumps(gateway.answer if gateway.answer is not None else {"phone": "19000007720"}).encode()
        try:
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
        except OSError:  # the caller has lost patience
            pass

    def log_message(self, *args):
        pass


class MailServer(socketserver.TCPServer):
    """Speaks enough SMTP for one mail at a time; refuses recipients or contents with a code."""

    def __init__(self, *, recipient=250, content=250):
        super().__init__(("127.0.0.1", 0), _Dialogue)
        self.recipient, self.content, self.mails = recipient, content, []


class _Dialogue(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 here")
        while line := self.rfile.readline().decode():
            word = line[:4].upper()
            if word == "RCPT":
                self.say(f"{self.server.recipient} recipient")
            elif word == "DATA":
                self.say("354 go on")
                mail = []
                while (text := self.rfile.readline()) != b".\r\n":
                    mail.append(text)
                self.server.mails.append(b"".join(mail))
                self.say(f"{self.server.content} content")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())
