"""A control plane that knows nothing of Banyan: delta ADS in a few lines, messages written by hand.

Arguments: its port, the port of the listener it hands out, the port of the backend. Prints what it is told. When all has
been acknowledged, it sends one resource after another that must be refused.
"""
import queue
import sys
import threading
from concurrent import futures

import grpc

PORT, LISTEN, BACKEND = (int(each) for each in sys.argv[1:4])
URL = "type.googleapis.com/envoy."
LDS, RDS = URL + "config.listener.v3.Listener", URL + "config.route.v3.RouteConfiguration"
CDS, EDS = URL + "config.cluster.v3.Cluster", URL + "config.endpoint.v3.ClusterLoadAssignment"


def number(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(key, value):
    if isinstance(value, int):
        return number(key << 3) + number(value)
    value = value.encode() if isinstance(value, str) else value
    return number(key << 3 | 2) + number(len(value)) + value


def read(data):
    """The fields of a message: number and value."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            size = varint()
            yield key >> 3, data[at:at + size]
            at += size


def anything(url, message):
    return field(1, url) + field(2, message)


# A field that no version of xDS has, in every message: it is to be let pass.
UNKNOWN = field(5000, "from the future")
ADS = field(3, b"") + field(6, 2)


def address(port):
    return field(1, field(2, "127.0.0.1") + field(3, port))


def listener(extra=b"", managing=b""):
    router = anything(URL + "extensions.filters.http.router.v3.Router", b"")
    manager = (field(2, "way-in") + field(3, field(1, ADS) + field(2, "web"))
               + field(5, field(1, "envoy.filters.http.router") + field(4, router)) + managing + UNKNOWN)
    manager = anything(URL + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", manager)
    chain = field(3, field(1, "envoy.filters.network.http_connection_manager") + field(4, manager)) + UNKNOWN
    access_log = field(22, field(1, "somewhere"))
    return field(1, "way-in") + field(2, address(LISTEN)) + field(3, chain) + field(16, 2) + access_log + extra + UNKNOWN


def routes(extra=b""):
    route = field(1, field(1, "/")) + field(2, field(1, "web") + field(8, b"") + field(23, b"")) + extra + UNKNOWN
    host = field(1, "all") + field(2, "*") + field(3, route) + UNKNOWN
    return field(1, "web") + field(2, host) + UNKNOWN


def cluster(extra=b""):
    return (field(1, "web") + field(2, 3) + field(3, field(1, ADS) + field(2, "web"))
            + field(4, field(1, 1)) + field(27, field(1, b"")) + extra + UNKNOWN)


def endpoints(extra=b"", grouped=b""):
    endpoint = field(1, field(1, address(BACKEND))) + UNKNOWN
    group = field(1, b"") + field(2, endpoint) + field(3, field(1, 1)) + grouped
    return field(1, "web") + field(2, group) + extra + UNKNOWN


ALL = {LDS: ("way-in", listener()), RDS: ("web", routes()), CDS: ("web", cluster()), EDS: ("web", endpoints())}
REFUSED = [
    (RDS, routes(field(13, field(1, "rbac") + field(2, b"")))),
    (CDS, cluster(field(19, b""))),
    (CDS, cluster(field(41, b""))),
    (EDS, endpoints(field(4, field(2, field(1, "all"))))),
    (LDS, listener(field(4, field(1, 1)))),
    (LDS, listener(field(26, b""))),
    (LDS, listener(managing=field(38, b""))),
    (CDS, cluster(field(27, field(3, b"")))),
    (EDS, endpoints(grouped=field(8, b""))),
]


def answer(url, name, body, nonce):
    resource = field(1, "v%d" % nonce) + field(2, anything(url, body)) + field(3, name)
    return field(1, "one") + field(2, resource) + field(4, url) + field(5, str(nonce))


def stream(requests, context):
    replies = queue.Queue()

    def listen():
        try:
            for request in requests:
                replies.put(list(read(request)))
        except Exception:
            pass
        replies.put(None)

    threading.Thread(target=listen, daemon=True).start()
    nonce, sent, taken = 0, set(), set()
    bad = iter(REFUSED)
    while (item := replies.get()) is not None:
        values = dict(item)
        url = values.get(2, b"").decode()
        if 7 in values:
            print("nack", url.split(".")[-1], dict(read(values[7])).get(2, b"").decode(), flush=True)
        elif 6 in values:
            print("ack", url.split(".")[-1], flush=True)
            taken.add(url)
        if url in ALL and any(key == 3 for key, _ in item) and url not in sent:
            sent.add(url)
            nonce += 1
            yield answer(url, *ALL[url], nonce)
        elif taken == set(ALL) and 6 in values and not any(key == 3 for key, _ in item):
            if (url_and_body := next(bad, None)) is not None:
                nonce += 1
                yield answer(url_and_body[0], ALL[url_and_body[0]][0], url_and_body[1], nonce)
            else:
                print("done", flush=True)


class Ads(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.stream_stream_rpc_method_handler(stream) if details.method.endswith("/DeltaAggregatedResources") else None


server = grpc.server(futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers((Ads(),))
server.add_insecure_port(f"127.0.0.1:{PORT}")
server.start()
print("serving", flush=True)
server.wait_for_termination()
