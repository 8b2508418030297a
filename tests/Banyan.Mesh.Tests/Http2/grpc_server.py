"""Serves every shape of call on the port of the first argument."""
import sys
import time
from concurrent import futures

import grpc


def same(value):
    return value


def fail(request, context):
    context.abort(grpc.StatusCode.NOT_FOUND, "nope")


def left(request, context):
    return b"%d" % int((context.time_remaining() or 0) * 1000)


def slow(request, context):
    time.sleep(5)
    return request


SHAPES = {
    "Unary": grpc.unary_unary_rpc_method_handler(lambda r, c: r + b"!", same, same),
    "Left": grpc.unary_unary_rpc_method_handler(left, same, same),
    "Fail": grpc.unary_unary_rpc_method_handler(fail, same, same),
    "Slow": grpc.unary_unary_rpc_method_handler(slow, same, same),
    "Server": grpc.unary_stream_rpc_method_handler(lambda r, c: (b"%d" % i for i in range(1000)), same, same),
    "Client": grpc.stream_unary_rpc_method_handler(lambda it, c: b"%d" % sum(len(x) for x in it), same, same),
    "Bidi": grpc.stream_stream_rpc_method_handler(lambda it, c: (x * 2 for x in it), same, same),
}


class Shapes(grpc.GenericRpcHandler):
    def service(self, details):
        return SHAPES.get(details.method.split("/")[-1])


server = grpc.server(futures.ThreadPoolExecutor(8))
server.add_generic_rpc_handlers((Shapes(),))
server.add_insecure_port("127.0.0.1:" + sys.argv[1])
server.start()
print("serving", flush=True)
server.wait_for_termination()
