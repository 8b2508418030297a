using Microsoft.Extensions.Logging;

namespace Banyan.Control.Xds;

/// <summary>
/// What is served and who asked for it: the view, and the index from a resource to the streams that are subscribed
/// to it. A change reaches exactly those.
/// </summary>
internal sealed class XdsHub(ILogger log, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TypedName, HashSet<DeltaStream>> _subscribers = [];
    private readonly Dictionary<string, NodeState> _nodes = new(StringComparer.Ordinal);
    private volatile ResourceView _view = ResourceView.Empty;
    private volatile bool _ready;

    /// <summary>What is served now.</summary>
    public ResourceView View => _view;

    /// <summary>Whether answers may leave: every source finished its first load.</summary>
    public bool IsReady => _ready;

    /// <summary>Makes a stream; it joins under its node's id with its first request.</summary>
    public DeltaStream Open() => new(this, time);

    /// <summary>Takes a stream out of the index.</summary>
    public void Close(DeltaStream stream)
    {
        var keys = stream.NamedKeys();
        lock (_gate)
        {
            foreach (var key in keys)
            {
                RemoveLocked(key, stream);
            }

            if (_nodes.TryGetValue(stream.Node, out var node) && node.Streams.Remove(stream) && node.Streams.Count == 0)
            {
                node.Since = time.GetUtcNow();
                node.Last = stream.Report();
                Log.ProxyGone(log, stream.Node);
            }
        }
    }

    /// <summary>
    /// Serves a new view; marks what differs on the streams that are subscribed to it. One caller at a time.
    /// </summary>
    /// <returns>How many streams were told.</returns>
    public int Publish(ResourceView view)
    {
        var changes = view.AdoptFrom(_view);
        _view = view;
        if (changes.IsEmpty)
        {
            return 0;
        }

        // Collected first, so that a stream learns all of one change at once and can keep the order of types.
        var affected = new Dictionary<DeltaStream, List<TypedName>>();
        lock (_gate)
        {
            foreach (var key in changes.Shared)
            {
                if (_subscribers.TryGetValue(key, out var streams))
                {
                    Note(affected, streams, key);
                }
            }

            foreach (var (id, names) in changes.Nodes)
            {
                if (_nodes.TryGetValue(id, out var node))
                {
                    foreach (var name in names)
                    {
                        Note(affected, node.Streams, new TypedName(XdsType.Listener, name));
                    }
                }
            }
        }

        foreach (var (stream, keys) in affected)
        {
            stream.Mark(keys);
        }

        return affected.Count;
    }

    /// <summary>Lets answers leave from now on.</summary>
    public void Open(ResourceView first)
    {
        Publish(first);
        if (_ready)
        {
            return;
        }

        _ready = true;
        List<DeltaStream> streams;
        lock (_gate)
        {
            streams = [.. _nodes.Values.SelectMany(node => node.Streams)];
        }

        foreach (var stream in streams)
        {
            stream.Signal.Set();
        }
    }

    /// <summary>A stream named its node.</summary>
    public void Attach(DeltaStream stream)
    {
        lock (_gate)
        {
            if (!_nodes.TryGetValue(stream.Node, out var node))
            {
                _nodes[stream.Node] = node = new NodeState();
            }

            if (node.Streams.Count == 0)
            {
                node.Since = time.GetUtcNow();
                Log.ProxyConnected(log, stream.Node);
            }

            node.Streams.Add(stream);
        }
    }

    /// <summary>A stream subscribes to a name.</summary>
    public void Subscribe(TypedName key, DeltaStream stream)
    {
        lock (_gate)
        {
            if (!_subscribers.TryGetValue(key, out var streams))
            {
                _subscribers[key] = streams = [];
            }

            streams.Add(stream);
        }
    }

    /// <summary>A stream drops a name.</summary>
    public void Unsubscribe(TypedName key, DeltaStream stream)
    {
        lock (_gate)
        {
            RemoveLocked(key, stream);
        }
    }

    /// <summary>A stream refused an answer.</summary>
    public void Refused(DeltaStream stream, Nack nack) =>
        Log.Refused(log, stream.Node, nack.Type.Word(), nack.Resource, nack.Message);

    /// <summary>How many streams ask for a name.</summary>
    public int SubscribersOf(XdsType type, string name)
    {
        lock (_gate)
        {
            return _subscribers.GetValueOrDefault(new TypedName(type, name))?.Count ?? 0;
        }
    }

    /// <summary>
    /// The proxies that are connected, and those that were and still run something; the others are forgotten.
    /// </summary>
    public List<NodeReport> Nodes()
    {
        var view = _view;
        List<(string Id, bool Connected, DateTimeOffset Since, DeltaStream? Stream, StreamReport? Last)> reports = [];
        lock (_gate)
        {
            foreach (var id in _nodes.Where(pair => pair.Value.Streams.Count == 0 && !view.Nodes.ContainsKey(pair.Key))
                .Select(pair => pair.Key).ToList())
            {
                _nodes.Remove(id);
            }

            foreach (var (id, node) in _nodes)
            {
                var stream = node.Streams.Count > 0 ? node.Streams[^1] : null;
                reports.Add((id, stream is not null, node.Since, stream, node.Last));
            }
        }

        return [.. reports.OrderBy(each => each.Id, StringComparer.Ordinal)
            .Select(each => new NodeReport(each.Id, each.Connected, each.Since, each.Stream?.Report() ?? each.Last))];
    }

    private static void Note(
        Dictionary<DeltaStream, List<TypedName>> affected, IEnumerable<DeltaStream> streams, TypedName key)
    {
        foreach (var stream in streams)
        {
            if (!affected.TryGetValue(stream, out var keys))
            {
                affected[stream] = keys = [];
            }

            keys.Add(key);
        }
    }

    private void RemoveLocked(TypedName key, DeltaStream stream)
    {
        if (_subscribers.TryGetValue(key, out var streams) && streams.Remove(stream) && streams.Count == 0)
        {
            _subscribers.Remove(key);
        }
    }

    private sealed class NodeState
    {
        public List<DeltaStream> Streams { get; } = [];

        public DateTimeOffset Since { get; set; }

        public StreamReport? Last { get; set; }
    }
}

/// <summary>What status shows of a node.</summary>
internal sealed record NodeReport(string Id, bool Connected, DateTimeOffset Since, StreamReport? Report);
