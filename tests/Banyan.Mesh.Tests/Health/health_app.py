"""Answers with its replica's number; /healthz says 503 while a file sick-NUMBER exists."""
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REPLICA = os.environ["BANYAN_REPLICA"]


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        sick = self.path == "/healthz" and os.path.exists("sick-" + REPLICA)
        body = REPLICA.encode()
        self.send_response(503 if sick else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = answer
    do_POST = answer

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


Server(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
