using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Accept;

/// <summary>The listening sockets of one worker, kept equal to the snapshot's listeners.</summary>
internal sealed class ListenerSet(Worker worker, bool sharePort, ProxyLog log)
{
    private readonly Dictionary<string, Acceptor> _open = new(StringComparer.Ordinal);
    private readonly HashSet<string> _failing = new(StringComparer.Ordinal);
    private volatile bool _bound;
    private volatile bool _awaitsMore = true;
    private bool _inboundClosed;
    private bool _outboundClosed;

    /// <summary>Every listener of a non-empty snapshot is bound. Readable from any thread.</summary>
    internal bool Bound => _bound;

    /// <summary>They are bound, and no other is known that waits for its routes or clusters. Readable from any thread.</summary>
    internal bool Complete => !_awaitsMore && _bound;

    /// <summary>Opens, updates and closes; called on the worker's thread for every snapshot, and each second while one fails.</summary>
    internal void Reconcile(MeshSnapshot snapshot)
    {
        // First what goes: an address may pass from one listener to another.
        var wanted = snapshot.Listeners.ToDictionary(config => config.Name, config => config.Address, StringComparer.Ordinal);
        foreach (var (name, acceptor) in _open)
        {
            if (!wanted.TryGetValue(name, out var address) || !acceptor.Config.Address.Equals(address))
            {
                _open.Remove(name);
                acceptor.Close();
            }
        }

        var bound = snapshot.Listeners.Length > 0;
        foreach (var config in snapshot.Listeners)
        {
            if (!IsClosed(config.Role))
            {
                bound &= Open(config);
            }
        }

        // In this order: who sees that nothing is awaited sees what became of it.
        _bound = bound;
        _awaitsMore = snapshot.AwaitsListeners;
    }

    /// <summary>Tries again what could not be bound.</summary>
    internal void Retry()
    {
        if (_failing.Count > 0)
        {
            Reconcile(worker.Snapshots.Current);
        }
    }

    /// <summary>Accepts what is queued and stops listening; for good.</summary>
    internal void Close(bool inbound)
    {
        _inboundClosed |= inbound;
        _outboundClosed |= !inbound;
        foreach (var (name, acceptor) in _open)
        {
            if (IsClosed(acceptor.Config.Role))
            {
                _open.Remove(name);
                acceptor.Close();
            }
        }
    }

    private bool IsClosed(ListenerRole role) => role == ListenerRole.Inbound ? _inboundClosed : _outboundClosed;

    private bool Open(ListenerConfig config)
    {
        if (_open.TryGetValue(config.Name, out var acceptor))
        {
            acceptor.Config = config;
            return true;
        }

        var opened = Acceptor.TryOpen(worker, config, sharePort, out var error);
        if (opened is null)
        {
            if (_failing.Add(config.Name))
            {
                log.Write(LogLevel.Error, "listener-failed", error, new LogField("listener", config.Name));
            }

            return false;
        }

        _failing.Remove(config.Name);
        _open.Add(config.Name, opened);
        opened.Run().Forget();
        log.Write(
            LogLevel.Info,
            "listener-bound",
            "listening",
            new LogField("listener", config.Name),
            new LogField("address", config.Address.ToString()));
        return true;
    }
}
