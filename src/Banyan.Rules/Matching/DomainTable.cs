using System.Text;

namespace Banyan.Rules.Matching;

/// <summary>Finds the virtual host of an authority: exact names, then the longest suffix, then the longest prefix, then <c>*</c>.</summary>
internal sealed class DomainTable
{
    private readonly Dictionary<byte[], VirtualHostTable>.AlternateLookup<ReadOnlySpan<byte>> _exact;
    private readonly bool _hasNames;
    private readonly (byte[] Text, VirtualHostTable Host)[] _suffixes;
    private readonly (byte[] Text, VirtualHostTable Host)[] _prefixes;
    private readonly VirtualHostTable? _any;
    private readonly bool _ignorePort;

    /// <summary>Takes lower-case patterns, each once.</summary>
    public DomainTable(IEnumerable<(string Pattern, VirtualHostTable Host)> domains, bool ignorePort)
    {
        _ignorePort = ignorePort;
        var exact = new Dictionary<byte[], VirtualHostTable>(AuthorityComparer.Instance);
        var suffixes = new List<(byte[] Text, VirtualHostTable Host)>();
        var prefixes = new List<(byte[] Text, VirtualHostTable Host)>();
        foreach (var (pattern, host) in domains)
        {
            if (pattern == "*")
            {
                _any = host;
            }
            else if (pattern[0] == '*')
            {
                suffixes.Add((Encoding.UTF8.GetBytes(pattern[1..]), host));
            }
            else if (pattern[^1] == '*')
            {
                prefixes.Add((Encoding.UTF8.GetBytes(pattern[..^1]), host));
            }
            else
            {
                exact.Add(Encoding.UTF8.GetBytes(pattern), host);
            }
        }

        _exact = exact.GetAlternateLookup<ReadOnlySpan<byte>>();
        _suffixes = [.. suffixes.OrderByDescending(entry => entry.Text.Length)];
        _prefixes = [.. prefixes.OrderByDescending(entry => entry.Text.Length)];
        _hasNames = exact.Count + _suffixes.Length + _prefixes.Length > 0;
    }

    public VirtualHostTable? Find(ReadOnlySpan<byte> authority) => Find(authority, out _);

    public VirtualHostTable? Find(ReadOnlySpan<byte> authority, out DomainMatch match)
    {
        match = _any is null ? DomainMatch.None : DomainMatch.Any;

        // Most tables of a mesh belong to one service and have one virtual host for everything.
        if (!_hasNames)
        {
            return _any;
        }

        if (_ignorePort)
        {
            authority = authority[..AuthorityText.Split(authority).HostLength];
        }

        if (_exact.TryGetValue(authority, out var host))
        {
            match = DomainMatch.Exact;
            return host;
        }

        // A wildcard stands for at least one byte.
        foreach (var (text, candidate) in _suffixes)
        {
            if (authority.Length > text.Length && AsciiText.EndsWithIgnoreCase(authority, text))
            {
                match = DomainMatch.Wildcard;
                return candidate;
            }
        }

        foreach (var (text, candidate) in _prefixes)
        {
            if (authority.Length > text.Length && AsciiText.StartsWithIgnoreCase(authority, text))
            {
                match = DomainMatch.Wildcard;
                return candidate;
            }
        }

        return _any;
    }

    /// <summary>Compares authorities without regard to case and finds them by span.</summary>
    private sealed class AuthorityComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly AuthorityComparer Instance = new();

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(byte[]? x, byte[]? y) => AsciiText.EqualsIgnoreCase(x, y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => AsciiText.EqualsIgnoreCase(alternate, other);

        public int GetHashCode(byte[] obj) => GetHashCode((ReadOnlySpan<byte>)obj);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = 2166136261u;
            foreach (var b in alternate)
            {
                hash = (hash ^ AsciiText.ToLower(b)) * 16777619;
            }

            return (int)hash;
        }
    }
}
