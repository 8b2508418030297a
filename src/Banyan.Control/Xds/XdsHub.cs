using System.Runtime.InteropServices;
using Banyan.Control.Identity;
using Banyan.Model;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Xds;

/// <summary>
/// What is served and who asked for it: the view, and the index from a resource to the streams that are subscribed
/// to it. A change reaches exactly those.
/// </summary>
/// <param name="log">Where proxies that come and go are noted.</param>
/// <param name="time">The clock of what is reported.</param>
/// <param name="pace">How soon changes may follow each other; null: at once.</param>
internal sealed class XdsHub(ILogger log, TimeProvider time, PushPace? pace = null)
{
    private readonly Lock _gate = new();

    // Who makes a view of the last one; taken before the others.
    private readonly Lock _building = new();

    // Taken before a stream's lock, and never under one.
    private readonly Lock _telling = new();
    private ResourceChanges _untold = new();
    private bool _isLate;

    private readonly Dictionary<TypedName, Subscribers> _subscribers = [];
    private readonly HashSet<XdsStream> _allClusters = [];
    private readonly Dictionary<string, NodeState> _nodes = new(StringComparer.Ordinal);
    private volatile ResourceView _view = ResourceView.Empty;
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _ready;

    /// <summary>What is served now.</summary>
    public ResourceView View => _view;

    /// <summary>Whether answers may leave: every source finished its first load.</summary>
    public bool IsReady => _ready;

    /// <summary>Ends when answers may leave.</summary>
    public Task Opened => _opened.Task;

    /// <summary>Makes a delta stream; it joins under its node's id with its first request.</summary>
    public DeltaStream Open() => new(this, time);

    /// <summary>Makes a state-of-the-world stream, likewise.</summary>
    public WorldStream OpenWorld() => new(this, time);

    /// <summary>Takes a stream out of the index.</summary>
    public void Close(XdsStream stream)
    {
        var keys = stream.NamedKeys();
        lock (_gate)
        {
            _allClusters.Remove(stream);
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
    /// Serves a mesh; marks what differs on the streams that are subscribed to it, at the pace that is allowed. One
    /// caller at a time.
    /// </summary>
    public void Publish(CompiledMesh mesh, string version)
    {
        lock (_building)
        {
            Show(ViewBuilder.Build(mesh, version, _view));
        }
    }

    /// <summary>
    /// Serves the anchors of the trust domain and the serials denied in it, and no others. Thread-safe.
    /// </summary>
    public void Publish(IReadOnlyList<XdsResource> secrets)
    {
        lock (_building)
        {
            if (secrets.Any(each => _view.Find(XdsType.Secret, each.Name)?.Version != each.Version))
            {
                Show(ViewBuilder.Build(secrets, _view));
            }
        }
    }

    private void Show((ResourceView View, ResourceChanges Changes) next)
    {
        (_view, var changes) = next;
        if (changes.IsEmpty)
        {
            return;
        }

        lock (_telling)
        {
            _untold.Add(changes);
            if (_isLate)
            {
                return;
            }

            _isLate = pace is not null && pace.Wait() > TimeSpan.Zero;
            if (!_isLate)
            {
                TellLocked();
                return;
            }
        }

        _ = TellLaterAsync();
    }

    private async Task TellLaterAsync()
    {
        var since = TimeProvider.System.GetTimestamp();
        while (pace!.Wait() is var wait && wait > TimeSpan.Zero
            && TimeProvider.System.GetElapsedTime(since) < PushPace.Longest)
        {
            await Task.Delay(wait, TimeProvider.System);
        }

        lock (_telling)
        {
            _isLate = false;
            TellLocked();
        }
    }

    private void TellLocked()
    {
        var changes = _untold;
        _untold = new ResourceChanges();

        // Collected first, so that a stream learns all of one change at once and can keep the order of types.
        var affected = new Dictionary<XdsStream, Told>();
        var nothing = new Told(null, default);
        lock (_gate)
        {
            foreach (var key in changes.Shared)
            {
                if (_subscribers.TryGetValue(key, out var subscribers))
                {
                    foreach (var stream in subscribers.Streams)
                    {
                        Note(affected, stream, nothing, key);
                    }
                }

                if (key.Type == XdsType.Cluster)
                {
                    foreach (var stream in _allClusters)
                    {
                        Note(affected, stream, nothing, key);
                    }
                }
            }

            foreach (var (id, names) in changes.Nodes)
            {
                if (_nodes.TryGetValue(id, out var node))
                {
                    foreach (var name in names)
                    {
                        foreach (var stream in node.Streams)
                        {
                            Note(affected, stream, nothing, new TypedName(XdsType.Listener, name));
                        }
                    }
                }
            }
        }

        if (affected.Count > 0)
        {
            pace?.Begin(affected.Count);
        }

        foreach (var (stream, told) in affected)
        {
            stream.Mark(told.Keys);
        }
    }

    /// <summary>Lets answers leave from now on.</summary>
    public void Open(CompiledMesh first, string version)
    {
        Publish(first, version);
        if (_ready)
        {
            return;
        }

        _ready = true;
        _opened.TrySetResult();
        List<XdsStream> streams;
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
    public void Attach(XdsStream stream)
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
            if (stream.TakesAllClusters)
            {
                _allClusters.Add(stream);
            }
        }
    }

    /// <summary>A stream subscribes to a name.</summary>
    /// <returns>The name: the same string for all streams, of which the others need not be kept.</returns>
    public string Subscribe(TypedName key, XdsStream stream)
    {
        lock (_gate)
        {
            if (!_subscribers.TryGetValue(key, out var subscribers))
            {
                _subscribers[key] = subscribers = new Subscribers(key.Name, []);
            }

            subscribers.Streams.Add(stream);
            return subscribers.Name;
        }
    }

    /// <summary>A stream drops a name.</summary>
    public void Unsubscribe(TypedName key, XdsStream stream)
    {
        lock (_gate)
        {
            RemoveLocked(key, stream);
        }
    }

    /// <summary>A stream refused an answer.</summary>
    public void Refused(XdsStream stream, Nack nack) =>
        Log.Refused(log, stream.Node, nack.Type.Word(), nack.Resource, nack.Message);

    /// <summary>How many streams ask for a name.</summary>
    public int SubscribersOf(XdsType type, string name)
    {
        lock (_gate)
        {
            return _subscribers.GetValueOrDefault(new TypedName(type, name))?.Streams.Count ?? 0;
        }
    }

    /// <summary>
    /// Of every stream that is authenticated by a certificate and asks for these anchors: whether it acknowledged this
    /// version of them.
    /// </summary>
    public IReadOnlyList<TrustReport> Trust(string name, string version)
    {
        XdsStream[] streams;
        lock (_gate)
        {
            streams = [.. _subscribers.GetValueOrDefault(new TypedName(XdsType.Secret, name))?.Streams ?? []];
        }

        return [.. streams.Where(stream => stream.Guard is not null).Select(stream => new TrustReport(
            stream.Guard!.Serial,
            stream.Guard.Identity,
            stream.Guard.NotAfter,
            stream.HasAcknowledged(XdsType.Secret, name, version)))];
    }

    /// <summary>The proxies that are connected; those that left and run nothing any more are forgotten.</summary>
    public HashSet<string> Connected()
    {
        var view = _view;
        lock (_gate)
        {
            ForgetLocked(view);
            return _nodes.Where(pair => pair.Value.Streams.Count > 0).Select(pair => pair.Key)
                .ToHashSet(StringComparer.Ordinal);
        }
    }

    /// <summary>
    /// The proxies that are connected, and those that were and still run something; the others are forgotten.
    /// </summary>
    public List<NodeReport> Nodes()
    {
        var view = _view;
        List<(string Id, DateTimeOffset Since, XdsStream[] Streams, StreamReport? Last)> reports = [];
        lock (_gate)
        {
            ForgetLocked(view);
            foreach (var (id, node) in _nodes)
            {
                reports.Add((id, node.Since, [.. node.Streams], node.Last));
            }
        }

        // What is not told yet nobody has.
        bool isLate;
        lock (_telling)
        {
            isLate = _isLate;
        }

        return [.. reports.OrderBy(each => each.Id, StringComparer.Ordinal).Select(each => new NodeReport(
            each.Id,
            each.Streams.Length,
            each.Since,
            (StreamReport.Of(each.Streams.Select(stream => stream.Report())) ?? each.Last) is { } report
                ? report with { Synced = report.Synced && !isLate }
                : null))];
    }

    private void ForgetLocked(ResourceView view)
    {
        foreach (var id in _nodes.Where(pair => pair.Value.Streams.Count == 0 && !view.Nodes.ContainsKey(pair.Key))
            .Select(pair => pair.Key).ToList())
        {
            _nodes.Remove(id);
        }
    }

    private static void Note(Dictionary<XdsStream, Told> affected, XdsStream stream, Told nothing, TypedName key)
    {
        ref var told = ref CollectionsMarshal.GetValueRefOrAddDefault(affected, stream, out _);
        told = (told ?? nothing).And(key);
    }

    private void RemoveLocked(TypedName key, XdsStream stream)
    {
        if (_subscribers.TryGetValue(key, out var subscribers)
            && subscribers.Streams.Remove(stream)
            && subscribers.Streams.Count == 0)
        {
            _subscribers.Remove(key);
        }
    }

    /// <summary>
    /// What one change tells a stream. As a rule most streams are told the same, and share it: keys are noted one after
    /// the other, each for all streams.
    /// </summary>
    private sealed class Told(Told? before, TypedName key)
    {
        private Told? _next;
        private TypedName[]? _keys;

        private TypedName Key => key;

        private Told? Before => before;

        /// <summary>In the order in which they were noted.</summary>
        public TypedName[] Keys => _keys ??= [.. Back().Reverse()];

        public Told And(TypedName other) => _next?.Key == other ? _next : _next = new Told(this, other);

        private IEnumerable<TypedName> Back()
        {
            for (var each = this; each.Before is not null; each = each.Before)
            {
                yield return each.Key;
            }
        }
    }

    private sealed record Subscribers(string Name, HashSet<XdsStream> Streams);

    private sealed class NodeState
    {
        public List<XdsStream> Streams { get; } = [];

        public DateTimeOffset Since { get; set; }

        public StreamReport? Last { get; set; }
    }
}

/// <summary>What status shows of a node.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Streams">How many streams it has open: more than one when several clients say the same name.</param>
/// <param name="Since">When that began.</param>
/// <param name="Report">What they hold; of the last one when none is open.</param>
internal sealed record NodeReport(string Id, int Streams, DateTimeOffset Since, StreamReport? Report);
