"""grpc.health.v1.Health on PORT: NOT_SERVING while a file sick-grpc exists. With the argument "none" it has no such service."""
import os
import sys
from concurrent import futures

import grpc


def check(request, _):
    # HealthCheckRequest.service; HealthCheckResponse.status 1 is SERVING, 2 NOT_SERVING.
    assert request == b"\x0a\x04shop", request
    return b"\x08\x02" if os.path.exists("sick-grpc") else b"\x08\x01"


class Health(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method == "/grpc.health.v1.Health/Check" and "none" not in sys.argv:
            return grpc.unary_unary_rpc_method_handler(check)
        if details.method == "/shop.Echo/Say":
            return grpc.unary_unary_rpc_method_handler(lambda request, _: request)
        return None


server = grpc.server(futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers((Health(),))
server.add_insecure_port("127.0.0.1:" + os.environ["PORT"])
server.start()
server.wait_for_termination()
