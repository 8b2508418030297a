namespace Banyan.Control.Store;

/// <summary>What waits for one thread. Any thread may add; one takes.</summary>
/// <remarks>
/// Who takes sleeps at once when there is nothing: a queue that looks again and again for a while, before it sleeps,
/// takes a processor from those that are about to answer.
/// </remarks>
internal sealed class InputQueue<T>
{
    // A monitor: the newer kind of lock cannot be waited on.
    private readonly object _gate = new();
    private readonly List<T> _waiting = [];
    private bool _isClosed;

    /// <summary>Adds an item; false when the queue is closed.</summary>
    public bool TryAdd(T item)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return false;
            }

            _waiting.Add(item);
            Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>Waits until there is something and takes all of it, in order.</summary>
    /// <param name="items">An empty list, to be filled.</param>
    /// <returns>False when nothing is left and nothing will come.</returns>
    public bool Take(List<T> items)
    {
        lock (_gate)
        {
            while (_waiting.Count == 0)
            {
                if (_isClosed)
                {
                    return false;
                }

                Monitor.Wait(_gate);
            }

            items.AddRange(_waiting);
            _waiting.Clear();
            return true;
        }
    }

    /// <summary>Takes no more; false when it was closed before.</summary>
    public bool TryClose()
    {
        lock (_gate)
        {
            var wasOpen = !_isClosed;
            _isClosed = true;
            Monitor.Pulse(_gate);
            return wasOpen;
        }
    }
}
