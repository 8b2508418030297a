"""Serves calls of any method, and says at /counters what came from which client (their header x-client)."""
import glob
import http.server
import json
import os
import threading
from concurrent import futures

import grpc

REPLICA = int(os.environ["BANYAN_REPLICA"])
DATA = os.environ["BANYAN_DATA"]
CLIENTS = ("js", "python")
SLOW_SECONDS = 6

lock = threading.Lock()
counts = {client: {"split": 0, "pinned": 0, "slow": 0, "bounded": 0, "unbounded": 0, "move": 0} for client in CLIENTS}


def note(client, *names):
    with lock:
        if client in counts:
            for name in names:
                counts[client][name] += 1


def visited(client):
    """Leaves a mark for those who come after: replicas share this folder."""
    path = os.path.join(DATA, f"{client}-{REPLICA}")
    if client in counts and not os.path.exists(path):
        open(path, "w").close()


def answer(method, request, context):
    client = dict(context.invocation_metadata()).get("x-client")
    note(client, method)
    visited(client)
    if method == "slow":
        # The clients set no deadline: the route does, and they hang up when it is over.
        ended = threading.Event()
        is_over = not context.add_callback(ended.set) or ended.wait(SLOW_SECONDS)
        note(client, "bounded" if is_over else "unbounded")
    return request


class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        method = details.method.split("/")[-1].lower()
        return grpc.unary_unary_rpc_method_handler(lambda request, context: answer(method, request, context))


class Counters(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with lock:
            shown = {client: dict(values) for client, values in counts.items()}
        for client in CLIENTS:
            # What replicas say is summed, and for a while the one that goes stands beside the one that comes: only
            # the last one that was called says how many were.
            marks = [int(mark.rsplit("-", 1)[1]) for mark in glob.glob(os.path.join(DATA, f"{client}-*"))]
            shown[client]["replicas"] = len(marks) if max(marks, default=-1) == REPLICA else 0
        body = json.dumps({"replica": REPLICA, **shown}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


# The first replica of a run: what lies here is of another run.
if REPLICA == 0:
    for mark in glob.glob(os.path.join(DATA, "*-*")):
        os.remove(mark)

server = grpc.server(futures.ThreadPoolExecutor(16))
server.add_generic_rpc_handlers((Echo(),))
server.add_insecure_port("127.0.0.1:" + os.environ["PORT_GRPC"])
server.start()
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT_COUNTERS"])), Counters).serve_forever()
