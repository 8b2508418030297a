using System.Buffers.Binary;
using System.Text;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Identity;
using Banyan.Proxy.Reactor;
using Banyan.Wire.Http2;
using Banyan.Xds.Grpc;
using Banyan.Xds.Spiffe;
using Google.Protobuf;

namespace Banyan.Proxy.WorkloadApi;

/// <summary>One call of the SPIFFE Workload API: the identity or the bundles of now, and again whenever they change.</summary>
internal sealed class WorkloadApiCall(WorkloadApiContext context, WorkloadApiConnection connection, Http2Stream stream)
{
    private const string Service = "/SpiffeWorkloadAPI/";

    /// <summary>A request is empty.</summary>
    private const int LongestRequest = 4096;

    private const long RequestMs = 10_000;

    /// <summary>The workload's process is known a moment after it has begun.</summary>
    private const long ProcessMs = 2_000, ProcessPollMs = 25;

    /// <summary>A first certificate takes a call to the control plane.</summary>
    private const long FirstMs = 20_000;

    private readonly EventLoop _loop = context.Reactor.Loop;

    /// <summary>From the request's head to the end of the stream.</summary>
    internal async ReactorTask Run()
    {
        var (status, message) = await Serve();
        if (!stream.IsReset)
        {
            var lines = $"{GrpcTrailers.Status}: {GrpcTrailers.FormatStatus(status)}\r\n{GrpcTrailers.Message}: {GrpcTrailers.EncodeMessage(message)}\r\n\r\n";
            if (_answered)
            {
                connection.SendTrailers(stream, Encoding.ASCII.GetBytes(lines));
            }
            else
            {
                connection.SendHead(stream, Encoding.ASCII.GetBytes(Head + lines), end: true, request: false);
            }
        }

        connection.Finished(stream, ErrorCode.Cancel);
    }

    private const string Head = $"HTTP/1.1 200 OK\r\ncontent-type: {GrpcTrailers.ContentType}\r\n";

    private bool _answered;

    private async ReactorTask<(GrpcStatusCode Status, string Message)> Serve()
    {
        if (!Read(out var path, out var isMarked))
        {
            return (GrpcStatusCode.InvalidArgument, "not a call of gRPC");
        }

        if (!isMarked)
        {
            // Against callers that were tricked into asking (SPIFFE Workload Endpoint, section 5).
            return (GrpcStatusCode.InvalidArgument, "the metadata workload.spiffe.io: true is missing");
        }

        if (path is not (Service + "FetchX509SVID" or Service + "FetchX509Bundles"))
        {
            return (GrpcStatusCode.Unimplemented, "only X.509 identities are served: FetchX509SVID and FetchX509Bundles");
        }

        if (!await Request())
        {
            return (GrpcStatusCode.InvalidArgument, "the request is not one message of gRPC");
        }

        if (await Attest() is { Length: > 0 } refusal)
        {
            context.Refused(connection.Caller, refusal);
            return (GrpcStatusCode.PermissionDenied, $"no identity issued: {refusal}");
        }

        return path.EndsWith("SVID", StringComparison.Ordinal)
            ? await Stream(Svid, () => context.Svids.EndMs)
            : await Stream(Bundles, static () => long.MaxValue);
    }

    private async ReactorTask<(GrpcStatusCode Status, string Message)> Stream(Func<IMessage?> next, Func<long> end)
    {
        context.Svids.Want();
        var first = _loop.NowMs + FirstMs;
        ByteString? sent = null;
        while (!stream.IsReset)
        {
            var message = next()?.ToByteString();
            if (message is null && sent is not null)
            {
                // It was denied, or ran out while the control plane was away: better nothing than what nobody accepts.
                return (GrpcStatusCode.Unavailable, "the certificate proves nothing any more, and there is no other yet");
            }

            if (message is not null && !message.Equals(sent))
            {
                sent = message;
                await Send(message);
                continue;
            }

            if (sent is null && _loop.NowMs >= first)
            {
                return (GrpcStatusCode.Unavailable, "the control plane has certified nothing yet");
            }

            await stream.Readable(sent is null ? first : end());
        }

        return (GrpcStatusCode.Cancelled, "");
    }

    private X509SVIDResponse? Svid() => context.Svids.Current is not { } svid ? null : new X509SVIDResponse
    {
        Svids =
        {
            new X509SVID
            {
                SpiffeId = svid.Id,
                X509Svid = Join(svid.Proof.Chain),
                X509SvidKey = ByteString.CopyFrom(svid.Proof.Key),
                Bundle = Join(svid.Anchors),
            },
        },
    };

    private X509BundlesResponse? Bundles() => context.Svids.Trust is not { TrustDomain.Length: > 0, Anchors.Length: > 0 } trust
        ? null
        : new X509BundlesResponse { Bundles = { [$"spiffe://{trust.TrustDomain}"] = Join(trust.Anchors) } };

    private static ByteString Join(IEnumerable<byte[]> certificates) =>
        ByteString.CopyFrom([.. certificates.SelectMany(static der => der)]);

    private async ReactorTask Send(ByteString message)
    {
        if (!_answered)
        {
            _answered = true;
            connection.SendHead(stream, Encoding.ASCII.GetBytes(Head + "\r\n"), end: false, request: false);
        }

        var frame = new byte[GrpcFrame.PrefixLength + message.Length];
        GrpcFrame.WritePrefix(frame, message.Length);
        message.CopyTo(frame, GrpcFrame.PrefixLength);
        for (var sent = 0; sent < frame.Length && !stream.IsReset;)
        {
            sent += connection.SendData(stream, frame.AsSpan(sent), end: false);
            if (sent < frame.Length)
            {
                await stream.Writable(long.MaxValue);
            }
        }
    }

    private bool Read(out string path, out bool isMarked)
    {
        path = "";
        isMarked = false;
        var lines = Encoding.Latin1.GetString(stream.Head!.Valid).Split("\r\n");
        var isGrpc = false;
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = colon > 0 ? (line[..colon], line[(colon + 1)..].Trim(' ')) : ("", "");
            isGrpc |= name == "content-type" && GrpcTrailers.IsGrpc(value);
            isMarked |= name == "workload.spiffe.io" && value == "true";
        }

        if (lines[0].Split(' ') is not ["POST", var target, _] || !isGrpc)
        {
            return false;
        }

        path = target;
        return true;
    }

    /// <summary>Takes the request, of which nothing matters but that it ends.</summary>
    private async ReactorTask<bool> Request()
    {
        var deadline = _loop.NowMs + RequestMs;
        var prefix = new byte[GrpcFrame.PrefixLength];
        var taken = 0;
        while (!stream.IsReset)
        {
            for (var bytes = stream.Unread; !bytes.IsEmpty; bytes = stream.Unread)
            {
                bytes[..Math.Min(bytes.Length, prefix.Length - taken)].CopyTo(prefix.AsSpan(taken));
                taken = Math.Min(prefix.Length, taken + bytes.Length);
                stream.Consume(bytes.Length);
            }

            if (stream.EndReceived || stream.Received > LongestRequest)
            {
                return stream.Received <= LongestRequest && taken == prefix.Length && prefix[0] == 0
                    && BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1)) == stream.Received - prefix.Length;
            }

            if (await stream.Readable(deadline) == Wait.TimedOut)
            {
                return false;
            }
        }

        return false;
    }

    private async ReactorTask<string> Attest()
    {
        var deadline = _loop.NowMs + ProcessMs;
        var pause = new Gate(_loop);
        while (true)
        {
            var refusal = context.Workload.Refuses(connection.Caller, out var mayChange);
            if (refusal.Length == 0 || !mayChange || _loop.NowMs >= deadline || stream.IsReset)
            {
                return refusal;
            }

            await pause.Until(_loop.NowMs + ProcessPollMs);
        }
    }
}
