using System.Net;
using System.Net.WebSockets;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Xds;

namespace Banyan.Mesh.Tests.WebSocket;

/// <summary>A server <c>web</c> behind one sidecar, or behind its own and the caller's.</summary>
internal sealed class SocketMesh : IAsyncDisposable
{
    private readonly SocketsHttpHandler _handler = new() { UseProxy = false };
    private TestMesh? _callee;

    /// <summary>The sidecar that the client speaks to.</summary>
    public required TestMesh Caller { get; init; }

    /// <summary>The sidecar that the server hears from.</summary>
    public TestMesh Callee => _callee ?? Caller;

    /// <param name="address">The server's address.</param>
    /// <param name="http2">Whether its port is declared to speak HTTP/2, or HTTP/1.1; null: not declared.</param>
    /// <param name="sidecars">1 or 2.</param>
    /// <param name="idle">For how long no byte may move.</param>
    public static async Task<SocketMesh> StartAsync(string address, bool? http2, int sidecars, TimeSpan? idle = null)
    {
        TestMesh? callee = null;
        if (sidecars == 2)
        {
            callee = new TestMesh { StreamIdle = idle };
            address = $"127.0.0.1:{callee.Inbound("web", address, http2)}";
            await callee.StartAsync();
        }

        var caller = new TestMesh { StreamIdle = idle }.Cluster("web", callee is not null, http2, address)
            .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1)));
        return new SocketMesh { Caller = await caller.StartAsync(), _callee = callee };
    }

    /// <summary>Opens a WebSocket; all of one mesh by HTTP/2 share a connection.</summary>
    public async Task<ClientWebSocket> ConnectAsync(string path, bool http2, string? protocol = null)
    {
        var socket = new ClientWebSocket();
        socket.Options.HttpVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.SetRequestHeader("Host", "web");
        socket.Options.SetRequestHeader("x-mark", "m");
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        socket.Options.CollectHttpResponseDetails = true;
        if (protocol is not null)
        {
            socket.Options.AddSubProtocol(protocol);
        }

        using var cancel = new CancellationTokenSource(Eventually.Deadline);
        using var invoker = new HttpMessageInvoker(_handler, disposeHandler: false);
        try
        {
            await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{Caller.Outbound}{path}"), invoker, cancel.Token);
        }
        catch (WebSocketException error)
        {
            throw new RefusedException(socket.HttpStatusCode, socket.HttpResponseHeaders, error);
        }

        return socket;
    }

    /// <summary>The value of a metric without labels in a sidecar.</summary>
    public static async Task<long> MetricAsync(TestMesh mesh, string name)
    {
        using var admin = UnixSocketClient.Create(mesh.AdminSocket);
        var metrics = await admin.GetStringAsync("/metrics");
        var line = metrics.Split('\n').First(line => line.StartsWith(name + " ", StringComparison.Ordinal)
            || line.StartsWith(name + "_total ", StringComparison.Ordinal));
        return long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _handler.Dispose();
        await Caller.DisposeAsync();
        if (_callee is not null)
        {
            await _callee.DisposeAsync();
        }
    }
}

/// <summary>The upgrade was refused.</summary>
internal sealed class RefusedException(HttpStatusCode status, IReadOnlyDictionary<string, IEnumerable<string>>? headers, Exception inner)
    : Exception($"refused with {(int)status}", inner)
{
    public HttpStatusCode Status => status;

    public string? this[string header] =>
        headers is not null && headers.TryGetValue(header, out var values) ? values.Single() : null;
}
