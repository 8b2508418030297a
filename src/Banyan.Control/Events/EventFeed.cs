using System.Threading.Channels;
using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;

namespace Banyan.Control.Events;

/// <summary>Tells listeners of every revision, in order and without gaps. Thread-safe.</summary>
/// <remarks>
/// The history is read once for all listeners. Who reads more slowly than changes come is let go, and finds the rest
/// by the number that he saw last.
/// </remarks>
internal sealed class EventFeed(ConfigStore store, IDatabase database) : IDisposable
{
    /// <summary>How many may listen.</summary>
    public const int MostListeners = 64;

    /// <summary>How many revisions wait for a slow listener.</summary>
    private const int Capacity = 256;

    private const int Page = 200;

    private readonly Lock _lock = new();
    private readonly List<Channel<Revision>> _listeners = [];
    private readonly AsyncSignal _changed = new();
    private long _newest;

    /// <summary>Something was published, as of this revision; called on one thread.</summary>
    public void Wake(long revision)
    {
        Interlocked.Exchange(ref _newest, revision);
        _changed.Set();
    }

    /// <summary>Begins to listen; null when too many do.</summary>
    public ChannelReader<Revision>? Listen()
    {
        var channel = Channel.CreateBounded<Revision>(Capacity);
        lock (_lock)
        {
            if (_listeners.Count >= MostListeners)
            {
                return null;
            }

            _listeners.Add(channel);
        }

        return channel.Reader;
    }

    /// <summary>Ends listening.</summary>
    public void Leave(ChannelReader<Revision> reader)
    {
        lock (_lock)
        {
            _listeners.RemoveAll(each => each.Reader == reader);
        }
    }

    /// <summary>The revisions after one, the oldest first; at most a page of them.</summary>
    public async Task<IReadOnlyList<Revision>> AfterAsync(long revision)
    {
        var query = new HistoryQuery(Page, After: revision, OldestFirst: true);
        return await store.ReadAsync(_ => database.History(query));
    }

    /// <summary>Passes on what changes until the control plane stops.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        var last = await store.ReadAsync(state => state.Revision);
        while (true)
        {
            await _changed.WaitAsync(cancel);
            try
            {
                last = await TellAsync(last);
            }
            catch (StoreFailedException)
            {
                // Read again with the next change.
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var listener in _listeners)
            {
                listener.Writer.TryComplete();
            }

            _listeners.Clear();
        }
    }

    private async Task<long> TellAsync(long last)
    {
        // Most of what is published is who runs where, and makes no revision.
        if (Interlocked.Read(ref _newest) is var newest && (newest <= last || !IsHeard()))
        {
            return Math.Max(last, newest);
        }

        while (await AfterAsync(last) is { Count: > 0 } news)
        {
            foreach (var revision in news)
            {
                Tell(revision);
            }

            last = news[^1].Entry.Revision;
        }

        return last;
    }

    /// <summary>Who begins to listen later reads what came before from the history.</summary>
    private bool IsHeard()
    {
        lock (_lock)
        {
            return _listeners.Count > 0;
        }
    }

    private void Tell(Revision revision)
    {
        lock (_lock)
        {
            foreach (var slow in _listeners.Where(each => !each.Writer.TryWrite(revision)).ToList())
            {
                slow.Writer.TryComplete();
                _listeners.Remove(slow);
            }
        }
    }
}
