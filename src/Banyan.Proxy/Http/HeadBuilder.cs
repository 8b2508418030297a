using System.Buffers.Text;

namespace Banyan.Proxy.Http;

/// <summary>Appends to a fixed span; running over is remembered, not thrown.</summary>
internal ref struct HeadBuilder(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    internal int Length { get; private set; }

    internal bool Overflowed { get; private set; }

    internal void Append(scoped ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _buffer.Length - Length)
        {
            Overflowed = true;
            return;
        }

        bytes.CopyTo(_buffer[Length..]);
        Length += bytes.Length;
    }

    internal void AppendNumber(long value)
    {
        if (Utf8Formatter.TryFormat(value, _buffer[Length..], out var written))
        {
            Length += written;
        }
        else
        {
            Overflowed = true;
        }
    }

    /// <summary>Room for that many bytes to be filled by the caller; empty when there is none.</summary>
    internal Span<byte> Take(int length)
    {
        if (length > _buffer.Length - Length)
        {
            Overflowed = true;
            return default;
        }

        var room = _buffer.Slice(Length, length);
        Length += length;
        return room;
    }

    /// <summary>Gives back the unused end of what was taken last.</summary>
    internal void Trim(int unused) => Length -= unused;
}
