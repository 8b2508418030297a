"""A caller of the SPIFFE Workload API: grpcio, with messages as bytes.

svid_app.py keep FOLDER   one outcome of every kind of call into FOLDER/outcomes.json, then each message of two streams
                          into FOLDER/svid-N and FOLDER/bundles-N, until ended
svid_app.py once          prints the outcome of one call
"""
import json
import os
import subprocess
import sys
import threading

import grpc

MARK = (("workload.spiffe.io", "true"),)
channel = grpc.insecure_channel(os.environ["SPIFFE_ENDPOINT_SOCKET"])


def stream(method, metadata=MARK):
    return channel.unary_stream("/SpiffeWorkloadAPI/" + method)(b"", metadata=metadata)


def outcome(method, metadata=MARK):
    try:
        call = stream(method, metadata)
        next(call)
        call.cancel()
        return "OK"
    except grpc.RpcError as error:
        return error.code().name + " " + error.details()


def keep(folder, name, method):
    while True:
        try:
            for number, message in enumerate(stream(method)):
                path = os.path.join(folder, "%s-%d" % (name, number))
                with open(path + ".new", "wb") as file:
                    file.write(message)
                os.rename(path + ".new", path)
        except grpc.RpcError as error:
            print(name, error.code().name, error.details(), flush=True)


if sys.argv[1] == "once":
    print(outcome("FetchX509SVID"))
    sys.exit()

folder = sys.argv[2]
once = [sys.executable, __file__, "once"]
outcomes = {
    "own": outcome("FetchX509SVID"),
    "bundles": outcome("FetchX509Bundles"),
    "unmarked": outcome("FetchX509SVID", ()),
    "marked wrong": outcome("FetchX509SVID", (("workload.spiffe.io", "yes"),)),
    "jwt": outcome("FetchJWTSVID"),
    "unknown": outcome("Nothing"),
    "child": subprocess.run(once, capture_output=True, text=True).stdout.strip(),
    "other session": subprocess.run(once, capture_output=True, text=True, start_new_session=True).stdout.strip(),
}
with open(os.path.join(folder, "outcomes.json.new"), "w") as file:
    json.dump(outcomes, file)
os.rename(os.path.join(folder, "outcomes.json.new"), os.path.join(folder, "outcomes.json"))
threading.Thread(target=keep, args=(folder, "bundles", "FetchX509Bundles"), daemon=True).start()
keep(folder, "svid", "FetchX509SVID")
