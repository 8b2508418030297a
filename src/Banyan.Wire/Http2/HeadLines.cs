using System.Runtime.CompilerServices;

namespace Banyan.Wire.Http2;

/// <summary>Reads HTTP/1.1 text line by line. The text is the mesh's own: it is trusted to be well formed, and whatever
/// else it is, nothing is read beyond it.</summary>
internal ref struct HeadLines(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    /// <summary>Takes the next line, without its CRLF.</summary>
    public ReadOnlySpan<byte> NextLine()
    {
        var end = _rest.IndexOf((byte)'\n');
        var line = end < 0 ? _rest : _rest[..end];
        _rest = end < 0 ? default : _rest[(end + 1)..];
        return line.Length > 0 && line[^1] == '\r' ? line[..^1] : line;
    }

    /// <summary>Takes the next field.</summary>
    /// <returns>False at the empty line, at the end, and at a line without a name.</returns>
    public bool TryNextField(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var line = NextLine();
        var colon = line.IndexOf((byte)':');
        if (colon <= 0)
        {
            name = default;
            value = default;
            return false;
        }

        name = line[..colon];
        value = Http1.Syntax.Trim(line[(colon + 1)..]);
        return true;
    }

    /// <summary>Takes the next line when it is exactly <paramref name="line"/>, CRLF included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTakeLine(ReadOnlySpan<byte> line)
    {
        if (!_rest.StartsWith(line))
        {
            return false;
        }

        _rest = _rest[line.Length..];
        return true;
    }

    /// <summary>Takes the next field if it has that name, else looks for one.</summary>
    /// <param name="lower">Its name in lower case.</param>
    public ReadOnlySpan<byte> TakeFirstOrFind(ReadOnlySpan<byte> lower)
    {
        var lines = this;
        if (lines.TryNextField(out var name, out var value) && Http1.Syntax.Is(name, lower))
        {
            this = lines;
            return value;
        }

        return Find(lower);
    }

    /// <summary>Looks for a field without taking anything.</summary>
    /// <param name="lower">Its name in lower case.</param>
    public readonly ReadOnlySpan<byte> Find(ReadOnlySpan<byte> lower)
    {
        var lines = this;
        while (lines.TryNextField(out var name, out var value))
        {
            if (Http1.Syntax.Is(name, lower))
            {
                return value;
            }
        }

        return default;
    }
}
