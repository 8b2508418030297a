namespace Banyan.Wire.Http2;

/// <summary>The static table (RFC 7541 appendix A), each field as a line of text.</summary>
internal sealed class StaticTable
{
    /// <summary>Its last index; the first is 1.</summary>
    public const int Count = 61;

    public const int MethodGet = 2;
    public const int MethodPost = 3;
    public const int PathRoot = 4;
    public const int PathIndex = 5;
    public const int SchemeHttp = 6;
    public const int SchemeHttps = 7;
    public const int Authority = 1;
    public const int FirstStatus = 8;
    public const int AcceptEncoding = 16;
    public const int FirstRegular = 15;

    /// <summary>Shared; immutable.</summary>
    public static readonly StaticTable Instance = new();

    private readonly byte[] _text = Text.ToArray();
    private readonly TableEntry[] _entries = new TableEntry[Count + 1];

    private StaticTable()
    {
        var at = 0;
        for (var index = 1; index <= Count; index++)
        {
            var line = _text.AsSpan(at, _text.AsSpan(at).IndexOf((byte)'\n') + 1);
            ref var entry = ref _entries[index];
            entry.Offset = (uint)at;
            entry.LineLength = line.Length;
            entry.NameLength = line[1..].IndexOf((byte)':') + 1;
            entry.NameRole = FieldRoles.OfName(line[..entry.NameLength]);
            entry.LineRole = FieldRoles.OfField(entry.NameRole, line[(entry.NameLength + 2)..^2]);
            at += line.Length;
        }
    }

    private static ReadOnlySpan<byte> Text =>
        ":authority: \r\n:method: GET\r\n:method: POST\r\n:path: /\r\n:path: /index.html\r\n"u8
        + ":scheme: http\r\n:scheme: https\r\n:status: 200\r\n:status: 204\r\n:status: 206\r\n"u8
        + ":status: 304\r\n:status: 400\r\n:status: 404\r\n:status: 500\r\naccept-charset: \r\n"u8
        + "accept-encoding: gzip, deflate\r\naccept-language: \r\naccept-ranges: \r\naccept: \r\n"u8
        + "access-control-allow-origin: \r\nage: \r\nallow: \r\nauthorization: \r\ncache-control: \r\n"u8
        + "content-disposition: \r\ncontent-encoding: \r\ncontent-language: \r\ncontent-length: \r\n"u8
        + "content-location: \r\ncontent-range: \r\ncontent-type: \r\ncookie: \r\ndate: \r\netag: \r\n"u8
        + "expect: \r\nexpires: \r\nfrom: \r\nhost: \r\nif-match: \r\nif-modified-since: \r\n"u8
        + "if-none-match: \r\nif-range: \r\nif-unmodified-since: \r\nlast-modified: \r\nlink: \r\n"u8
        + "location: \r\nmax-forwards: \r\nproxy-authenticate: \r\nproxy-authorization: \r\nrange: \r\n"u8
        + "referer: \r\nrefresh: \r\nretry-after: \r\nserver: \r\nset-cookie: \r\n"u8
        + "strict-transport-security: \r\ntransfer-encoding: \r\nuser-agent: \r\nvary: \r\nvia: \r\n"u8
        + "www-authenticate: \r\n"u8;

    /// <param name="index">1 to <see cref="Count"/>.</param>
    public ref readonly TableEntry this[int index] => ref _entries[index];

    public ReadOnlySpan<byte> Line(scoped in TableEntry entry) => _text.AsSpan((int)entry.Offset, entry.LineLength);
}
