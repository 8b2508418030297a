"""Calls every shape and prints what came of it, a line each."""
import grpc


def same(value):
    return value


def call(channel, method, timeout=20):
    try:
        return channel.unary_unary("/test.Shapes/" + method, same, same)(b"hi", timeout=timeout).decode()
    except grpc.RpcError as error:
        return error.code().name + " " + error.details()


channel = grpc.insecure_channel("web:80")
print("unary", call(channel, "Unary"))
# The library rounds what it sends up, by one percent.
print("left", 1000 < int(call(channel, "Left", timeout=10)) <= 10100)
print("fail", call(channel, "Fail"))
print("slow", call(channel, "Slow", timeout=0.5).split()[0])
print("none", call(channel, "None").split()[0])
print("server", len(list(channel.unary_stream("/test.Shapes/Server", same, same)(b""))))
print("client", channel.stream_unary("/test.Shapes/Client", same, same)(iter([b"a" * 70000] * 100)).decode())
print("bidi", sum(len(x) for x in channel.stream_stream("/test.Shapes/Bidi", same, same)(iter([b"a" * i for i in range(50)]))))
