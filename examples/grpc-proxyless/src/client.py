"""Calls without a sidecar: grpcio finds the control plane by GRPC_XDS_BOOTSTRAP, which `banyan up` sets."""
import threading
import time

import grpc

CALLS = (
    # target, method, header, pause in seconds
    ("xds:///echo.default:80", "Split", None, 0.01),
    ("xds:///echo.default:80", "Pinned", ("x-pin", "v2"), 0.1),
    ("xds:///echo.default:80", "Slow", None, 0.2),
    ("xds:///moving.default:80", "Move", None, 0.05),
)


def loop(channel, method, header, pause):
    call = channel.unary_unary("/examples.v1.Echo/" + method)
    metadata = [("x-client", "python")] + ([header] if header else [])
    while True:
        try:
            call(b"hello", metadata=metadata)
        except grpc.RpcError as error:
            if method != "Slow":
                print(f"{method}: {error.code().name} {error.details()}", flush=True)
                time.sleep(0.2)
        time.sleep(pause)


channels = {target: grpc.insecure_channel(target) for target in {call[0] for call in CALLS}}
for target, *rest in CALLS:
    threading.Thread(target=loop, args=(channels[target], *rest), daemon=True).start()
threading.Event().wait()
