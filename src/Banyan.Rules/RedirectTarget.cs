namespace Banyan.Rules;

/// <summary>Where a redirect leads: the parts of the request's own URL that are replaced. Immutable.</summary>
public sealed class RedirectTarget
{
    /// <summary>New scheme (<c>http</c> or <c>https</c>); null = the request's.</summary>
    public byte[]? Scheme { get; init; }

    /// <summary>New host without port; null = the request's authority.</summary>
    public byte[]? Host { get; init; }

    /// <summary>New port; 0 = the request's, or none where the scheme changes from its default port.</summary>
    public int Port { get; init; }

    /// <summary>New path, with query if it has one (which then replaces the request's); null = unchanged.</summary>
    public byte[]? Path { get; init; }

    /// <summary>Replacement of the matched prefix; null = unchanged.</summary>
    public PathRewrite? PathRewrite { get; init; }

    /// <summary>Leave out the query.</summary>
    public bool StripQuery { get; init; }

    /// <summary>Room that <see cref="WriteLocation"/> needs at most.</summary>
    public int MaxLength(in RequestView request) =>
        32 + (Host?.Length ?? 0) + (Path?.Length ?? 0) + (PathRewrite?.MaxLength(0) ?? 0)
        + request.Authority.Length + request.Path.Length + request.Query.Length;

    /// <summary>Writes the value of the Location field and returns its length.</summary>
    public int WriteLocation(in RequestView request, Span<byte> output)
    {
        var scheme = Scheme ?? (request.Secure ? "https"u8 : "http"u8);
        var length = Append(output, 0, scheme);
        length = Append(output, length, "://"u8);
        length = WriteAuthority(in request, scheme, output, length);
        if (Path is not null)
        {
            length = Append(output, length, Path);
        }
        else if (PathRewrite is not null)
        {
            length += PathRewrite.Write(request.Path, output[length..]);
        }
        else
        {
            length = Append(output, length, request.Path);
        }

        if (!StripQuery && !request.Query.IsEmpty && !(Path is not null && Path.AsSpan().Contains((byte)'?')))
        {
            output[length++] = (byte)'?';
            length = Append(output, length, request.Query);
        }

        return length;
    }

    private int WriteAuthority(in RequestView request, ReadOnlySpan<byte> scheme, Span<byte> output, int length)
    {
        var (hostLength, port) = AuthorityText.Split(request.Authority);
        length = Append(output, length, Host ?? request.Authority[..hostLength]);
        if (Port > 0)
        {
            output[length++] = (byte)':';
            Port.TryFormat(output[length..], out var digits);
            return length + digits;
        }

        // A port that only spelled out the old scheme's default would be wrong under the new one.
        var stale = !scheme.SequenceEqual(request.Secure ? "https"u8 : "http"u8) && port == (request.Secure ? 443 : 80);
        return Host is not null || stale ? length : Append(output, length, request.Authority[hostLength..]);
    }

    private static int Append(Span<byte> output, int length, ReadOnlySpan<byte> part)
    {
        part.CopyTo(output[length..]);
        return length + part.Length;
    }
}
