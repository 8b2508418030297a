using System.Text;
using Banyan.Proxy.Http;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Snapshot;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Health;

/// <summary>A probe over HTTP/2 with prior knowledge: GET, or Check of grpc.health.v1.Health.</summary>
internal static class Http2Probe
{
    internal static async ReactorTask<ProbeResult> Run(
        ReactorContext context, Sock sock, string host, HealthCheckConfig check, long deadline)
    {
        var client = Http2Client.Start(context, sock, static _ => { }, sock.Close);
        var stream = client.Open();
        var isCall = check.Kind == HealthCheckKind.Grpc;
        client.SendHead(stream, isCall ? GrpcHealth.Head(host, check) : Probe.Request(host, check.Path), end: !isCall, request: true);
        if (isCall)
        {
            client.SendData(stream, GrpcHealth.Request(check.Service), end: true);
        }

        var result = ProbeResult.Success;
        while (!(stream.HeadComplete && (stream.EndReceived || !isCall)))
        {
            if (stream.IsReset || !client.IsOpen)
            {
                result = ProbeResult.Failure("reset the stream or closed the connection");
                break;
            }

            if (await stream.Readable(deadline) == Wait.TimedOut)
            {
                result = ProbeResult.Timeout;
                break;
            }
        }

        if (result.Outcome == ProbeOutcome.Success)
        {
            result = Read(stream, check, isCall);
        }

        client.CloseStream(stream, ErrorCode.Cancel);
        client.Shutdown();
        return result;
    }

    private static ProbeResult Read(Http2Stream stream, HealthCheckConfig check, bool isCall)
    {
        var status = stream.Head is { } head ? Probe.Status(head.Valid) : -1;
        if (status <= 0)
        {
            return ProbeResult.Failure("answered what is not HTTP");
        }

        if (!isCall)
        {
            return Probe.Judge(status, check);
        }

        if (status != 200)
        {
            return ProbeResult.Failure($"answered {status} to a call of gRPC");
        }

        var lines = (stream.Trailers ?? stream.Head!).Valid;
        return GrpcHealth.Judge(Field(lines, GrpcHealth.StatusField), stream.Unread, check.Service);
    }

    private static string Field(ReadOnlySpan<byte> lines, string name)
    {
        foreach (var line in Encoding.Latin1.GetString(lines).Split("\r\n"))
        {
            if (line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
            {
                return line[(name.Length + 1)..].Trim();
            }
        }

        return "";
    }
}
