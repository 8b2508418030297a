using System.Buffers;

namespace Banyan.Wire.Tls;

/// <summary>SPIFFE IDs (SPIFFE-ID §2): <c>spiffe://TRUST-DOMAIN/PATH</c>, as bytes. Pure; thread-safe.</summary>
public static class SpiffeId
{
    /// <summary>Longest ID in bytes.</summary>
    public const int MaxLength = 2048;

    /// <summary>Longest trust domain in bytes.</summary>
    public const int MaxTrustDomainLength = 255;

    private static readonly SearchValues<byte> DomainBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789.-_"u8);

    private static readonly SearchValues<byte> PathBytes = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"u8);

    private static ReadOnlySpan<byte> Scheme => "spiffe://"u8;

    /// <summary>True for the ID of a workload, which has a path; the trust domain is the part before it.</summary>
    /// <param name="id">The whole URI.</param>
    /// <param name="trustDomain">A part of it; empty when the answer is false.</param>
    public static bool TryRead(ReadOnlySpan<byte> id, out ReadOnlySpan<byte> trustDomain)
    {
        trustDomain = default;
        if (id.Length > MaxLength || !id.StartsWith(Scheme))
        {
            return false;
        }

        var rest = id[Scheme.Length..];
        var slash = rest.IndexOf((byte)'/');
        if (slash is < 1 or > MaxTrustDomainLength || rest[..slash].ContainsAnyExcept(DomainBytes))
        {
            return false;
        }

        if (!IsPath(rest[(slash + 1)..]))
        {
            return false;
        }

        trustDomain = rest[..slash];
        return true;
    }

    /// <summary>True for a name that may stand as a trust domain.</summary>
    public static bool IsTrustDomain(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= MaxTrustDomainLength && !name.ContainsAnyExcept(DomainBytes);

    private static bool IsPath(ReadOnlySpan<byte> path)
    {
        while (true)
        {
            var slash = path.IndexOf((byte)'/');
            var segment = slash < 0 ? path : path[..slash];
            if (segment.IsEmpty || segment.SequenceEqual("."u8) || segment.SequenceEqual(".."u8)
                || segment.ContainsAnyExcept(PathBytes))
            {
                return false;
            }

            if (slash < 0)
            {
                return true;
            }

            path = path[(slash + 1)..];
        }
    }
}
