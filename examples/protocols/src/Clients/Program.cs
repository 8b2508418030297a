using System.Runtime.InteropServices;
using Banyan.Examples.Protocols.Clients;

var clients = new Dictionary<string, Func<Loop[]>>(StringComparer.Ordinal)
{
    ["http1"] = Http1Client.Loops,
    ["http2"] = Http2Client.Loops,
    ["grpc"] = GrpcClient.Loops,
    ["websocket"] = WebSocketClient.Loops,
    ["tcp"] = TcpEchoClient.Loops,
    ["tls"] = TlsClient.Loops,
    ["undeclared"] = UndeclaredClient.Loops,
};
if (args is not [var name] || !clients.TryGetValue(name, out var make))
{
    await Console.Error.WriteLineAsync($"usage: Clients {string.Join('|', clients.Keys)}");
    return 2;
}

using var stop = new CancellationTokenSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
await Task.WhenAll(make().Select(loop => loop.RunAsync(stop.Token)));
return 0;

void End(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}
