using System.Buffers.Binary;

namespace Banyan.Wire.Tls;

/// <summary>Takes numbers and vectors of TLS's presentation language (RFC 8446 §3) from the front of some bytes; false
/// where there are too few.</summary>
internal ref struct TlsReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public bool Skip(int count) => Take(count, out _);

    public bool Number8(out int value)
    {
        var good = Take(1, out var taken);
        value = good ? taken[0] : 0;
        return good;
    }

    public bool Number16(out int value)
    {
        var good = Take(2, out var taken);
        value = good ? BinaryPrimitives.ReadUInt16BigEndian(taken) : 0;
        return good;
    }

    /// <summary>A vector behind a length of one byte.</summary>
    public bool Vector8(out ReadOnlySpan<byte> vector)
    {
        vector = default;
        return Number8(out var length) && Take(length, out vector);
    }

    /// <summary>A vector behind a length of two bytes.</summary>
    public bool Vector16(out ReadOnlySpan<byte> vector)
    {
        vector = default;
        return Number16(out var length) && Take(length, out vector);
    }

    private bool Take(int count, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (count > _rest.Length)
        {
            return false;
        }

        taken = _rest[..count];
        _rest = _rest[count..];
        return true;
    }
}
