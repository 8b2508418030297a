namespace Banyan.Proxy.Reactor;

/// <summary>Received or pending bytes: valid from <see cref="Start"/> to <see cref="End"/> of a pinned array.</summary>
internal sealed class IoBuffer
{
    internal byte[] Bytes = [];
    internal int Start;
    internal int End;
    internal IoBuffer? NextFree;

    internal int Count => End - Start;

    internal Span<byte> Valid => Bytes.AsSpan(Start, End - Start);

    internal Span<byte> Room => Bytes.AsSpan(End);

    internal int Capacity => Bytes.Length;
}

/// <summary>Buffers of one loop in a ladder of three sizes; idle connections own none. Not thread-safe.</summary>
/// <remarks>A buffer is returned by whoever took it, when no span of it is in use. Free ones beyond what the last second
/// needed are dropped once a second (<see cref="Trim"/>), so that a burst does not stay in memory.</remarks>
internal sealed class BufferPool
{
    internal const int Small = 4 * 1024;
    internal const int Medium = 16 * 1024;
    internal const int Large = 64 * 1024;

    private readonly Shelf[] _shelves = [new(Small), new(Medium), new(Large)];

    internal IoBuffer Rent(int size) => _shelves[size <= Small ? 0 : size <= Medium ? 1 : 2].Take();

    internal void Return(IoBuffer buffer)
    {
        buffer.Start = 0;
        buffer.End = 0;
        _shelves[buffer.Capacity <= Small ? 0 : buffer.Capacity <= Medium ? 1 : 2].Give(buffer);
    }

    /// <summary>A buffer with the same valid bytes and room behind them: moved to the front, or copied to the next size and the
    /// old one returned. Null when 64 KiB are full.</summary>
    internal IoBuffer? MakeRoom(IoBuffer buffer)
    {
        if (buffer.Start > 0)
        {
            buffer.Valid.CopyTo(buffer.Bytes);
            buffer.End -= buffer.Start;
            buffer.Start = 0;
            return buffer;
        }

        if (buffer.Capacity >= Large)
        {
            return null;
        }

        var larger = Rent(buffer.Capacity + 1);
        buffer.Valid.CopyTo(larger.Bytes);
        larger.End = buffer.Count;
        Return(buffer);
        return larger;
    }

    internal void Trim()
    {
        foreach (var shelf in _shelves)
        {
            shelf.Trim();
        }
    }

    private sealed class Shelf(int size)
    {
        private IoBuffer? _free;
        private int _count;
        private int _lowest;

        internal IoBuffer Take()
        {
            var buffer = _free;
            if (buffer is null)
            {
                return new IoBuffer { Bytes = GC.AllocateUninitializedArray<byte>(size, pinned: true) };
            }

            _free = buffer.NextFree;
            buffer.NextFree = null;
            _count--;
            _lowest = Math.Min(_lowest, _count);
            return buffer;
        }

        internal void Give(IoBuffer buffer)
        {
            buffer.NextFree = _free;
            _free = buffer;
            _count++;
        }

        internal void Trim()
        {
            // What lay unused during the whole last second; a few stay for the next request.
            for (var drop = _lowest - 4; drop > 0; drop--)
            {
                _free = _free!.NextFree;
                _count--;
            }

            _lowest = _count;
        }
    }
}
