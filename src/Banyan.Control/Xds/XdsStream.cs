using System.Buffers;
using Banyan.Control.Identity;
using Banyan.Model;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;

namespace Banyan.Control.Xds;

/// <summary>
/// One xDS stream, as the hub and the transport know it. No I/O: requests go in, answers come out, and a signal says
/// when it is worth to look.
/// </summary>
/// <remarks>
/// Its lock may be held while the hub's is taken, never the other way round. What waits is bounded by what is
/// subscribed: changes are kept as names, and resolved against the newest view only when they leave.
/// </remarks>
internal abstract class XdsStream(XdsHub hub)
{
    /// <summary>Names a stream may subscribe to, of all types.</summary>
    public const int MaxNames = 65_536;

    /// <summary>Length of a node's id.</summary>
    private const int MaxNode = 512;

    private long _nonce;

    /// <summary>The node's id; empty until the first request.</summary>
    public string Node { get; private set; } = "";

    /// <summary>What the node understands; it says so in its first request.</summary>
    public Flavour Flavour { get; private set; }

    /// <summary>The namespace of the node's clients, which routes may be for alone.</summary>
    public string Scope { get; private set; } = "";

    /// <summary>Whether the wildcard stands for clusters too: Envoy asks for them in no other way.</summary>
    public bool TakesAllClusters => Flavour == Flavour.Envoy;

    /// <summary>Set when <see cref="Write"/> may have something.</summary>
    public AsyncSignal Signal { get; } = new();

    /// <summary>Where views and subscribers are.</summary>
    protected XdsHub Hub { get; } = hub;

    /// <summary>Knows for which nodes this stream may speak; null where nobody asks.</summary>
    public NodeGuard? Guard { get; set; }

    /// <summary>Takes an encoded request: acknowledgement, subscriptions, or both.</summary>
    /// <returns>Null, or why the stream must end.</returns>
    public abstract StreamFault? Accept(ReadOnlySequence<byte> message);

    /// <summary>Writes the next answer as a gRPC message; false when nothing is due.</summary>
    public abstract bool Write(IBufferWriter<byte> output);

    /// <summary>
    /// Notes that resources may differ from what was sent. All of one change at once, to keep the order.
    /// </summary>
    public abstract void Mark(IReadOnlyList<TypedName> keys);

    /// <summary>The names that are subscribed, to be taken out of the hub's index.</summary>
    public abstract List<TypedName> NamedKeys();

    /// <summary>Whether the peer says that it has this version of a resource, and took it.</summary>
    public abstract bool HasAcknowledged(XdsType type, string name, string version);

    /// <summary>What status shows of this stream.</summary>
    public abstract StreamReport Report();

    /// <summary>Reads a message; null and a fault when it cannot be read.</summary>
    protected static T? Parse<T>(MessageParser<T> parser, ReadOnlySequence<byte> message, out StreamFault? fault)
        where T : class, IMessage<T>
    {
        fault = null;
        try
        {
            return parser.ParseFrom(message);
        }
        catch (Exception exception) when (Unreadable.Is(exception))
        {
            fault = new StreamFault(
                GrpcStatusCode.InvalidArgument, $"not a {typeof(T).Name}: {exception.Message}");
            return null;
        }
    }

    /// <summary>Writes the prefix, the few fields of this stream, and behind them the shared bytes.</summary>
    protected static void WriteHead(IBufferWriter<byte> output, IMessage head, int shared)
    {
        // A message is its fields in any order.
        var size = head.CalculateSize();
        var span = output.GetSpan(GrpcFrame.PrefixLength + size);
        GrpcFrame.WritePrefix(span, size + shared);
        head.WriteTo(span.Slice(GrpcFrame.PrefixLength, size));
        output.Advance(GrpcFrame.PrefixLength + size);
    }

    /// <summary>Text of a peer, as long as it may be.</summary>
    protected static string Shorten(string text) =>
        text.Length <= GrpcTrailers.MaxMessageLength ? text : text[..GrpcTrailers.MaxMessageLength];

    /// <summary>Joins the hub under the node's id, with the first request. Under the stream's lock.</summary>
    protected StreamFault? Introduce(Node? node)
    {
        if (Node.Length > 0)
        {
            return null;
        }

        if (string.IsNullOrEmpty(node?.Id) || node.Id.Length > MaxNode)
        {
            return new StreamFault(GrpcStatusCode.InvalidArgument, "the first request must name its node (node.id)");
        }

        if (Guard?.Problem(node.Id) is { } refusal)
        {
            return new StreamFault(refusal.Status, refusal.Message);
        }

        if (node.Metadata?.Fields.TryGetValue(Flavours.MetadataKey, out var value) == true)
        {
            if (!Flavours.TryParse(value.StringValue, out var flavour))
            {
                var word = value.HasStringValue ? $"\"{Shorten(value.StringValue)}\"" : $"{value.KindCase}";
                return new StreamFault(
                    GrpcStatusCode.InvalidArgument,
                    $"node.metadata {Flavours.MetadataKey} is {word}; known are {string.Join(", ", Flavours.Names)}");
            }

            Flavour = flavour;
        }

        Node = node.Id;
        Scope = Node.IndexOf('/', StringComparison.Ordinal) is > 0 and var end ? Node[..end] : "";
        Hub.Attach(this);
        return null;
    }

    /// <summary>The names that the wildcard stands for.</summary>
    protected IEnumerable<string> OwnNames(XdsType type, ResourceView view) => type switch
    {
        XdsType.Listener => view.OfNode(Node).Keys,
        XdsType.Cluster when TakesAllClusters =>
            view.Shared(type).Keys.Where(name => view.IsForNode(Node, name)),
        _ => [],
    };

    /// <summary>Finds what a name means to this node: its own by the wildcard, else what anybody may ask for.</summary>
    protected EncodedResource? Resolve(XdsType type, string name, bool wildcard, bool named, ResourceView view) =>
        (wildcard ? FindOwn(type, name, view) : null) ?? (named ? view.Find(type, name, Flavour, Scope) : null);

    /// <summary>A nonce that this stream has not had.</summary>
    protected string NextNonce() => (++_nonce).ToString();

    private EncodedResource? FindOwn(XdsType type, string name, ResourceView view) => type switch
    {
        XdsType.Listener => view.FindOwn(Node, name, Flavour),
        XdsType.Cluster when TakesAllClusters && view.IsForNode(Node, name) => view.Find(type, name, Flavour),
        _ => null,
    };
}

/// <summary>Why a stream is ended by the server.</summary>
internal sealed record StreamFault(GrpcStatusCode Status, string Message);

/// <summary>What status shows of a stream.</summary>
internal sealed record StreamReport(
    bool Synced, IReadOnlyDictionary<XdsType, (string Version, int Count)> Acked, Nack? LastNack)
{
    /// <summary>
    /// What several streams of one node come to: all are synced or none; what was acknowledged is that of the last one,
    /// and the refusal the latest of any. Null when there is none.
    /// </summary>
    public static StreamReport? Of(IEnumerable<StreamReport> streams)
    {
        StreamReport? all = null;
        foreach (var each in streams)
        {
            all = all is null ? each : new StreamReport(
                all.Synced && each.Synced,
                each.Acked,
                all.LastNack is { } had && !(each.LastNack?.At > had.At) ? had : each.LastNack);
        }

        return all;
    }
}
