using Banyan.Proxy.Http;
using Banyan.Proxy.Match;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Forward;

/// <summary>Connections that stop being HTTP: after CONNECT and after a protocol switch. Bytes both ways, half-close kept.</summary>
internal static class Tunnel
{
    /// <summary>A client that says nothing for this long speaks second: the tunnel is relayed unread.</summary>
    private const long DetectMs = 1_000;

    /// <summary>No byte in either direction ends a tunnel.</summary>
    private const long IdleMs = 3_600_000;

    /// <summary>Answers CONNECT. True: HTTP/1 is spoken inside, the connection goes on as one of requests.</summary>
    internal static async ReactorTask<bool> Connect(Exchange x)
    {
        var client = x.Client;
        if (x.Listener.Role != ListenerRole.Outbound || client.ConnectAuthority is not null)
        {
            await Refuse(x, Failure.NoRoute);
            return false;
        }

        var authority = Locate.Authority(x).ToArray();
        x.BodyEnd = x.Request.Length;
        x.Answered = true;
        x.Status = 200;
        if (!await Send.Range(client.Sock, ConnectedLine, 0, ConnectedLine.Length, x.IdleMs))
        {
            return false;
        }

        client.Consume(client.In!.Start + x.Request.Length);
        client.Worker.Count(Counter.Tunnels);
        if (await SpeaksHttp(x))
        {
            client.ConnectAuthority = authority;
            return true;
        }

        var failure = await Raw(x, authority);
        Recorder.Record(x, failure);
        return false;
    }

    /// <summary>Relays after a 101 until both sides are done.</summary>
    internal static async ReactorTask Upgraded(Exchange x)
    {
        x.Worker.Count(Counter.Tunnels);
        x.Client.Sock.IdleEvent = null;
        await new BytePump(x.Worker, x.Client.Sock, x.Upstream!.Sock).Run(x.Client.In, x.Upstream.In);
        x.Endpoint!.InFlight--;
        x.Upstream.Close();
        x.Upstream = null;
    }

    private static byte[] ConnectedLine { get; } = "HTTP/1.1 200 Connection Established\r\n\r\n"u8.ToArray();

    private static async ReactorTask Refuse(Exchange x, Failure failure)
    {
        await Answer.Failure(x, failure);
        x.CloseClient = true;
        Recorder.Record(x, failure);
    }

    /// <summary>Peeks: a method token and a space is HTTP/1; a preface of HTTP/2 or anything else is not.</summary>
    private static async ReactorTask<bool> SpeaksHttp(Exchange x)
    {
        var client = x.Client;
        var deadline = client.Worker.Loop.NowMs + DetectMs;
        while (true)
        {
            if (client.In is not null)
            {
                var verdict = Detect.Http1(client.In.Valid);
                if (verdict is not null)
                {
                    return verdict.Value;
                }
            }

            if (await client.Sock.Readable(deadline) != Wait.Ready)
            {
                return false;
            }

            client.In ??= client.Worker.Buffers.Rent(BufferPool.Small);
            var n = client.Sock.TryRead(client.In.Room);
            if (n is 0 or Sock.Failed)
            {
                return false;
            }

            client.In.End += Math.Max(n, 0);
        }
    }

    private static async ReactorTask<Failure> Raw(Exchange x, byte[] authority)
    {
        x.Client.ConnectAuthority = authority;
        var failure = Locate.Known(x, out var unknown);
        if (unknown)
        {
            failure = await Locate.Discover(x);
        }

        if (failure == Failure.None)
        {
            failure = RouteStage.Default(x);
        }

        if (failure == Failure.None)
        {
            failure = x.Cluster!.Kind == ClusterKind.External ? await x.Worker.Externals.Balance(x) : Attempt.Balance(x);
        }

        if (failure == Failure.None)
        {
            var cluster = x.Cluster!.Kind == ClusterKind.External ? null : x.Worker.Clusters.Of(x.Cluster);
            failure = await Connector.Connect(x, x.Endpoint!, cluster);
        }

        if (failure != Failure.None)
        {
            x.ResetClient = true;
            return failure;
        }

        x.Endpoint!.InFlight++;
        x.Client.Sock.IdleEvent = null;
        await new BytePump(x.Worker, x.Client.Sock, x.Upstream!.Sock).Run(x.Client.In, x.Upstream.In);
        x.Endpoint.InFlight--;
        x.Upstream.Close();
        x.Upstream = null;
        return Failure.None;
    }
}
