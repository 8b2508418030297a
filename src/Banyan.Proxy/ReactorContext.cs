using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;

namespace Banyan.Proxy;

/// <summary>What a connection needs of the thread it lives on: the loop, buffers, memory for one step, counters.</summary>
/// <remarks>A <see cref="Worker"/> adds what serves traffic; the housekeeping thread has it bare. Used from its own thread alone.</remarks>
/// <param name="index">Number of the loop.</param>
/// <param name="counters">Numbers by <see cref="Counter"/>; only this thread writes them.</param>
internal class ReactorContext(int index, long[] counters)
{
    /// <summary>A head of 64 KiB, what the mesh adds to it, and a small body copied behind it.</summary>
    private const int ScratchSize = 192 * 1024;

    /// <summary>A field block that HPACK does not make smaller, and what it adds to each line.</summary>
    private const int FieldBlockSize = 192 * 1024;

    private readonly Stack<Http2Stream> _streams = new();
    private byte[]? _fieldBlock;

    internal EventLoop Loop { get; } = new(index);

    internal BufferPool Buffers { get; } = new();

    /// <summary>Memory for one step without a wait in between: heads are built here.</summary>
    internal byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(ScratchSize, pinned: true);

    /// <summary>Memory for one encoded field block, used within one step.</summary>
    internal byte[] FieldBlock => _fieldBlock ??= GC.AllocateUninitializedArray<byte>(FieldBlockSize, pinned: true);

    internal void Count(Counter counter, long by = 1) => counters[(int)counter] += by;

    internal Http2Stream RentStream() => _streams.TryPop(out var stream) ? stream : new Http2Stream(this);

    internal void ReturnStream(Http2Stream stream)
    {
        stream.Clear();
        if (_streams.Count < 1024)
        {
            _streams.Push(stream);
        }
    }
}
