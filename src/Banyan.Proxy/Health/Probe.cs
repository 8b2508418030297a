using System.Net;
using System.Text;
using Banyan.Proxy.Forward;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tls;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Health;

/// <summary>One question to one endpoint, on a connection of its own.</summary>
internal static class Probe
{
    private const string Agent = "banyan-health-check";

    /// <summary>Asks once.</summary>
    /// <param name="context">The thread it runs on.</param>
    /// <param name="address">Whom.</param>
    /// <param name="check">What.</param>
    /// <param name="hop">What mTLS is made with, where the address terminates it.</param>
    /// <param name="expected">Who it has to be; null: it is asked in plaintext.</param>
    internal static async ReactorTask<ProbeResult> Run(
        ReactorContext context, IPEndPoint address, HealthCheckConfig check, HopSecurity? hop = null, TlsTarget? expected = null)
    {
        var deadline = context.Loop.NowMs + (long)Math.Ceiling(check.Timeout.TotalMilliseconds);
        var peer = SockAddr.From(address);
        var sock = Connector.Begin(context, peer, out var inProgress);
        if (sock is null)
        {
            return ProbeResult.Failure("the connection was refused");
        }

        if (inProgress && await sock.Writable(deadline) != Wait.Ready)
        {
            sock.Close();
            return ProbeResult.Timeout;
        }

        if (!Connector.Established(sock, peer))
        {
            sock.Close();
            return ProbeResult.Failure("the connection was refused");
        }

        if (expected is not null && (hop is null || !await hop.Connect(sock, expected, deadline)))
        {
            sock.Close();
            return ProbeResult.Failure("mTLS failed");
        }

        var result = ProbeResult.Success;
        if (check.Http2)
        {
            result = await Http2Probe.Run(context, sock, Host(address, check), check, deadline);
        }
        else if (check.Kind == HealthCheckKind.Http)
        {
            result = await Http1(context, sock, Host(address, check), check, deadline);
        }

        sock.Close();
        return result;
    }

    /// <summary>Request head of an HTTP probe.</summary>
    internal static byte[] Request(string host, string path) => Encoding.ASCII.GetBytes(
        $"GET {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: {Agent}\r\nconnection: close\r\n\r\n");

    /// <summary>The final status in what was received, 0 while it is not complete, -1 where it is not HTTP.</summary>
    internal static int Status(Span<byte> received)
    {
        while (true)
        {
            var head = new ResponseHead();
            var status = ResponseParser.Parse(received, RequestMethod.Get, head);
            if (status != ParseStatus.Complete)
            {
                return status == ParseStatus.Incomplete ? 0 : -1;
            }

            if (head.StatusCode >= 200)
            {
                return head.StatusCode;
            }

            // An interim answer: the one that counts comes behind it.
            received = received[head.Length..];
        }
    }

    /// <summary>What a status means.</summary>
    internal static ProbeResult Judge(int status, HealthCheckConfig check)
    {
        if (check.Expected.Length == 0 ? status == 200 : Within(check.Expected, status))
        {
            return ProbeResult.Success;
        }

        return new ProbeResult(
            Within(check.Retriable, status) ? ProbeOutcome.Failure : ProbeOutcome.Verdict, $"answered {status}");
    }

    private static async ReactorTask<ProbeResult> Http1(
        ReactorContext context, Sock sock, string host, HealthCheckConfig check, long deadline)
    {
        // A request of at most two kilobytes fits into a fresh socket.
        var request = Request(host, check.Path);
        if (sock.TryWrite(request) != request.Length)
        {
            return ProbeResult.Failure("took no request");
        }

        var buffer = context.Buffers.Rent(BufferPool.Small);
        var result = ProbeResult.Timeout;
        while (await sock.Readable(deadline) == Wait.Ready)
        {
            if (buffer.Room.IsEmpty && context.Buffers.MakeRoom(buffer) is { } larger)
            {
                buffer = larger;
            }

            var n = buffer.Room.IsEmpty ? Sock.Failed : sock.TryRead(buffer.Room);
            if (n == Sock.WouldBlock)
            {
                continue;
            }

            buffer.End += Math.Max(n, 0);
            var status = Status(buffer.Valid);
            if (status > 0)
            {
                result = Judge(status, check);
                break;
            }

            if (status < 0 || n <= 0)
            {
                result = ProbeResult.Failure(status < 0 ? "answered what is not HTTP" : "closed the connection");
                break;
            }
        }

        context.Buffers.Return(buffer);
        return result;
    }

    private static string Host(IPEndPoint address, HealthCheckConfig check) =>
        check.Host.Length > 0 ? check.Host : address.ToString();

    private static bool Within((int From, int Below)[] ranges, int status) =>
        Array.Exists(ranges, range => status >= range.From && status < range.Below);
}
