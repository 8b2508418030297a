using System.Text;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;

namespace Banyan.Bench.Discovery;

/// <summary>The types of resources, in the order in which a sidecar learns of them.</summary>
internal enum XdsKind
{
    Listener,
    Route,
    Cluster,
    Endpoint,
}

/// <summary>
/// What a simulated proxy reads of a DeltaDiscoveryResponse, without making objects of it: the generator shares the
/// machine with what it measures.
/// </summary>
internal ref struct XdsMessage
{
    private const int ResponseResources = 2, ResponseType = 4, ResponseNonce = 5, ResponseRemoved = 6;
    private const int ResourceVersion = 1, ResourceBody = 2, ResourceName = 3;
    private const int LengthDelimited = 2;

    private static readonly byte[][] Urls =
    [
        .. new[]
        {
            "envoy.config.listener.v3.Listener", "envoy.config.route.v3.RouteConfiguration",
            "envoy.config.cluster.v3.Cluster", "envoy.config.endpoint.v3.ClusterLoadAssignment",
        }.Select(name => Encoding.ASCII.GetBytes("type.googleapis.com/" + name)),
    ];

    private ReadOnlySpan<byte> _rest;

    private XdsMessage(ReadOnlySpan<byte> message) => _rest = message;

    public XdsKind Kind { get; private set; }

    public ReadOnlySpan<byte> Nonce { get; private set; }

    /// <summary>Resources and removals in it.</summary>
    public int Count { get; private set; }

    /// <summary>Reads all but the resources.</summary>
    public static XdsMessage Read(ReadOnlySpan<byte> message)
    {
        var result = new XdsMessage(message);
        var rest = message;
        while (Next(ref rest, out var field, out var value))
        {
            switch (field)
            {
                case ResponseResources or ResponseRemoved:
                    result.Count++;
                    break;
                case ResponseType:
                    result.Kind = KindOf(value);
                    break;
                case ResponseNonce:
                    result.Nonce = value;
                    break;
            }
        }

        return result;
    }

    /// <summary>The next resource; false when there is no more.</summary>
    public bool NextResource(out XdsEntry entry)
    {
        entry = default;
        while (Next(ref _rest, out var field, out var value))
        {
            if (field != ResponseResources)
            {
                continue;
            }

            while (Next(ref value, out var inner, out var part))
            {
                switch (inner)
                {
                    case ResourceVersion:
                        entry.Version = part;
                        break;
                    case ResourceName:
                        entry.Name = part;
                        break;
                    case ResourceBody:
                        entry.Any = part;
                        break;
                }
            }

            return true;
        }

        return false;
    }

    /// <summary>A request as a message of gRPC.</summary>
    public static byte[] Request(string? node, XdsKind kind, IEnumerable<string> names)
    {
        var request = new DeltaDiscoveryRequest
        {
            Node = node is null ? null : new Node { Id = node },
            TypeUrl = Encoding.ASCII.GetString(Urls[(int)kind]),
            ResourceNamesSubscribe = { names },
        };
        var bytes = new byte[GrpcFrame.PrefixLength + request.CalculateSize()];
        GrpcFrame.WritePrefix(bytes, bytes.Length - GrpcFrame.PrefixLength);
        request.WriteTo(bytes.AsSpan(GrpcFrame.PrefixLength));
        return bytes;
    }

    /// <summary>Writes an acknowledgement as a message of gRPC, or a refusal.</summary>
    /// <returns>Its length.</returns>
    public static int WriteAnswer(Span<byte> output, XdsKind kind, ReadOnlySpan<byte> nonce, bool refuses)
    {
        var at = GrpcFrame.PrefixLength;
        Put(output, ref at, 2, Urls[(int)kind]);
        Put(output, ref at, 6, nonce);
        if (refuses)
        {
            // google.rpc.Status: code 3, a message.
            ReadOnlySpan<byte> status = [0x08, 3, 0x12, 7, .. "refused"u8];
            Put(output, ref at, 7, status);
        }

        GrpcFrame.WritePrefix(output, at - GrpcFrame.PrefixLength);
        return at;
    }

    private static void Put(Span<byte> output, ref int at, int field, ReadOnlySpan<byte> value)
    {
        output[at++] = (byte)((field << 3) | LengthDelimited);
        output[at++] = checked((byte)value.Length);
        value.CopyTo(output[at..]);
        at += value.Length;
    }

    private static XdsKind KindOf(ReadOnlySpan<byte> url)
    {
        for (var i = 0; i < Urls.Length; i++)
        {
            if (url.SequenceEqual(Urls[i]))
            {
                return (XdsKind)i;
            }
        }

        throw new BenchFailure($"an answer of type {Encoding.UTF8.GetString(url)} was not asked for");
    }

    /// <summary>The next field; all that is read here has a length.</summary>
    private static bool Next(scoped ref ReadOnlySpan<byte> rest, out int field, out ReadOnlySpan<byte> value)
    {
        value = default;
        field = 0;
        if (rest.IsEmpty)
        {
            return false;
        }

        var tag = Number(ref rest);
        if ((tag & 7) != LengthDelimited)
        {
            throw new BenchFailure($"field {tag >> 3} of an answer has no length");
        }

        field = tag >> 3;
        var length = Number(ref rest);
        value = rest[..length];
        rest = rest[length..];
        return true;
    }

    private static int Number(scoped ref ReadOnlySpan<byte> rest)
    {
        var value = 0;
        for (var i = 0; ; i++)
        {
            value |= (rest[i] & 0x7f) << (7 * i);
            if (rest[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                return value;
            }
        }
    }
}

/// <summary>A resource in an answer.</summary>
internal ref struct XdsEntry
{
    public ReadOnlySpan<byte> Name;

    public ReadOnlySpan<byte> Version;

    /// <summary>A google.protobuf.Any.</summary>
    public ReadOnlySpan<byte> Any;
}
