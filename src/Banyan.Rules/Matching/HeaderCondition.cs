using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Banyan.Rules.Matching;

/// <summary>Where a header condition finds its value.</summary>
internal enum HeaderSource : byte
{
    Field,
    Method,
    Authority,
    Path,
    Scheme,
}

/// <summary>What a header condition asks of the value.</summary>
internal enum HeaderTest : byte
{
    Present,
    Range,
    Text,
}

/// <summary>One header matcher. Lines of the same name are joined by ',' (RFC 9110 §5.3).</summary>
internal sealed class HeaderCondition
{
    private const int OnStack = 512;

    public required HeaderSource Source { get; init; }

    /// <summary>Lower-case field name.</summary>
    public required byte[] Name { get; init; }

    public required HeaderTest Test { get; init; }

    /// <summary>What <see cref="HeaderTest.Text"/> asks for.</summary>
    public StringPattern? Text { get; init; }

    /// <summary>Bounds of <see cref="HeaderTest.Range"/>: first included, last excluded.</summary>
    public long RangeStart { get; init; }

    public long RangeEnd { get; init; }

    /// <summary>What <see cref="HeaderTest.Present"/> asks for.</summary>
    public bool Present { get; init; } = true;

    public bool Invert { get; init; }

    public bool MissingIsEmpty { get; init; }

    public bool Matches(in RequestView request)
    {
        switch (Source)
        {
            case HeaderSource.Method:
                return MatchesValue(request.Head.MethodToken(request.Bytes));
            case HeaderSource.Authority:
                return MatchesValue(request.Authority);
            case HeaderSource.Scheme:
                return MatchesValue(request.Secure ? "https"u8 : "http"u8);
            case HeaderSource.Path:
                return request.Query.IsEmpty ? MatchesValue(request.Path) : MatchesPathAndQuery(in request);
        }

        var lines = request.Head.Lines;
        var first = Find(in request, 0);
        if (first < 0)
        {
            // A missing field matches nothing, inverted or not, unless it counts as empty; only presence can ask for absence.
            return MissingIsEmpty ? MatchesValue(default) : Test == HeaderTest.Present && Present == Invert;
        }

        var second = Test == HeaderTest.Present ? -1 : Find(in request, first + 1);
        return second < 0 ? MatchesValue(lines[first].Value(request.Bytes)) : MatchesJoined(in request, first, second);
    }

    private int Find(in RequestView request, int from)
    {
        var lines = request.Head.Lines;
        for (var i = from; i < lines.Length; i++)
        {
            if (lines[i].NameLength == Name.Length && Ascii.EqualsIgnoreCase(lines[i].Name(request.Bytes), Name))
            {
                return i;
            }
        }

        return -1;
    }

    private bool MatchesValue(ReadOnlySpan<byte> value) => Invert != Test switch
    {
        HeaderTest.Present => Present,
        HeaderTest.Range => Utf8Parser.TryParse(value, out long number, out var digits)
            && digits == value.Length && number >= RangeStart && number < RangeEnd,
        _ => Text!.Matches(value),
    };

    private bool MatchesJoined(in RequestView request, int first, int second)
    {
        var lines = request.Head.Lines;
        var length = lines[first].ValueLength;
        for (var i = second; i >= 0; i = Find(in request, i + 1))
        {
            length += 1 + lines[i].ValueLength;
        }

        byte[]? rented = null;
        var joined = length <= OnStack ? stackalloc byte[OnStack] : rented = ArrayPool<byte>.Shared.Rent(length);
        lines[first].Value(request.Bytes).CopyTo(joined);
        var written = lines[first].ValueLength;
        for (var i = second; i >= 0; i = Find(in request, i + 1))
        {
            joined[written++] = (byte)',';
            lines[i].Value(request.Bytes).CopyTo(joined[written..]);
            written += lines[i].ValueLength;
        }

        return MatchesAndReturn(joined[..length], rented);
    }

    private bool MatchesPathAndQuery(in RequestView request)
    {
        var length = request.Path.Length + 1 + request.Query.Length;
        byte[]? rented = null;
        var joined = length <= OnStack ? stackalloc byte[OnStack] : rented = ArrayPool<byte>.Shared.Rent(length);
        request.Path.CopyTo(joined);
        joined[request.Path.Length] = (byte)'?';
        request.Query.CopyTo(joined[(request.Path.Length + 1)..]);
        return MatchesAndReturn(joined[..length], rented);
    }

    private bool MatchesAndReturn(ReadOnlySpan<byte> value, byte[]? rented)
    {
        var matches = MatchesValue(value);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return matches;
    }
}
