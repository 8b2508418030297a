using Banyan.Proxy.Accept;
using Banyan.Proxy.Forward;
using Banyan.Proxy.Http;
using Banyan.Proxy.Match;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Rules;
using Banyan.Wire.Tls;

namespace Banyan.Proxy.Tcp;

/// <summary>Stage "match" for TLS that is passed through: the route by the name in the ClientHello, which is looked at and
/// not consumed. What is not TLS keeps the destination's own route, where there is one.</summary>
internal static class ServerName
{
    // RFC 8446 §6.2, RFC 6066 §3.
    private const byte DecodeError = 50;
    private const byte MissingExtension = 109;
    private const byte UnrecognizedName = 112;

    private const int AlertSize = 7;

    private static byte[][] Alerts { get; } = [.. Enumerable.Range(0, 256).Select(static code => Alert((byte)code))];

    /// <summary>Finds the route. A client that can be told why there is none gets an alert of TLS.</summary>
    internal static async ReactorTask<Failure> Match(Exchange x)
    {
        var client = x.Client;
        var target = x.Target!;
        var plain = target.Routes.Routes.Length > 0;

        // On an undeclared port the first bytes have told already, or their absence.
        var told = target.Protocol == PortProtocol.Detect;
        if (told && (client.In is null || Detect.Protocol(client.In.Valid) != DetectedProtocol.Tls))
        {
            return Count(x, ServerNameDecision.NotTls, Failure.None);
        }

        var deadline = Deadline(client, serverMaySpeak: plain && !told);
        var needed = 1;
        while (true)
        {
            while (client.In is null || client.In.Count < needed)
            {
                switch (await Peek.More(client, deadline))
                {
                    case PeekOutcome.Bytes:
                        continue;
                    case PeekOutcome.Gone:
                        return Failure.ClientGone;
                    default:
                        return plain && !told && client.In is null
                            ? Count(x, ServerNameDecision.NotTls, Failure.None)
                            : Count(x, ServerNameDecision.Late, Failure.RequestHeadTimeout);
                }
            }

            switch (ClientHello.Read(client.In.Valid, client.Worker.Scratch, out var hello, out needed))
            {
                case ClientHelloStatus.Incomplete:
                    continue;
                case ClientHelloStatus.Complete:
                    var failure = Route(x, hello.ServerName, out var alert);
                    return failure == Failure.None ? failure : await Refuse(x, failure, alert);
                case ClientHelloStatus.NotTls:
                    return Count(x, ServerNameDecision.NotTls, plain ? Failure.None : Failure.NoRoute);
                default:
                    Count(x, ServerNameDecision.Malformed, Failure.MalformedRequest);
                    return await Refuse(x, Failure.MalformedRequest, DecodeError);
            }
        }
    }

    private static Failure Route(Exchange x, ReadOnlySpan<byte> name, out byte alert)
    {
        alert = name.IsEmpty ? MissingExtension : UnrecognizedName;
        var names = x.Target!.ByServerName!;
        var route = names.Routes.MatchName(name, out var match);
        if (route is null)
        {
            return Count(x, name.IsEmpty ? ServerNameDecision.Absent : ServerNameDecision.Unmatched, Failure.NoRoute);
        }

        Count(x, Decision(match), Failure.None);
        x.Target = names;

        // A route that leads nowhere is not the client's mistake: the connection is reset, as on any other port.
        alert = 0;
        return RouteStage.Use(x, route);
    }

    private static ServerNameDecision Decision(DomainMatch match) => match switch
    {
        DomainMatch.Exact => ServerNameDecision.Exact,
        DomainMatch.Wildcard => ServerNameDecision.Wildcard,
        _ => ServerNameDecision.Any,
    };

    private static Failure Count(Exchange x, ServerNameDecision decision, Failure failure)
    {
        x.Worker.Metrics.ServerNames.Of(x.Target!.EdgeLabel).Found(decision);
        return failure;
    }

    private static long Deadline(Downstream client, bool serverMaySpeak)
    {
        var timeout = (long)client.Acceptor.Config.Http.HeadTimeout.TotalMilliseconds;
        timeout = serverMaySpeak ? Peek.SilenceMs : timeout;
        return timeout == 0 ? long.MaxValue : client.Worker.Loop.NowMs + timeout;
    }

    private static async ReactorTask<Failure> Refuse(Exchange x, Failure failure, byte alert)
    {
        // The first words of a connection fit into its socket; where they do not, the reset has to do.
        if (alert != 0 && x.Client.Sock.TryWrite(Alerts[alert]) == AlertSize)
        {
            x.Client.Refused = true;
            await Linger.Drain(x.Client);
        }

        return failure;
    }

    /// <summary>A record with a fatal alert, of the version that every client reads before one is agreed on.</summary>
    private static byte[] Alert(byte code) => [21, 3, 1, 0, 2, 2, code];
}
