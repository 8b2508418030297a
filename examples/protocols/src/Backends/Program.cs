using Banyan.Examples.Protocols.Backends;

var backends = new Dictionary<string, Func<Task>>(StringComparer.Ordinal)
{
    ["http1"] = Http1Backend.RunAsync,
    ["http2"] = Http2Backend.RunAsync,
    ["grpc"] = GrpcBackend.RunAsync,
    ["websocket"] = WebSocketBackend.RunAsync,
    ["tcp"] = TcpBackend.RunAsync,
    ["tls"] = TlsBackend.RunAsync,
    ["undeclared"] = UndeclaredBackend.RunAsync,
};
if (args is not [var name] || !backends.TryGetValue(name, out var run))
{
    await Console.Error.WriteLineAsync($"usage: Backends {string.Join('|', backends.Keys)}");
    return 2;
}

await run();
return 0;
