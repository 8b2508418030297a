namespace Banyan.Wire.Http2;

/// <summary>Finds what is known about a name before any connection: its place in the static table and its
/// policy.</summary>
internal sealed class KnownNames
{
    /// <summary>Shared; immutable.</summary>
    public static readonly KnownNames Instance = new();

    private const int Slots = 256;

    private readonly Known[] _slots = new Known[Slots];

    private KnownNames()
    {
        var table = StaticTable.Instance;
        for (var index = StaticTable.FirstRegular; index <= StaticTable.Count; index++)
        {
            ref readonly var entry = ref table[index];
            Add(table.Line(in entry)[..entry.NameLength], index, FieldPolicy.Index);
        }

        AddAll("connection keep-alive proxy-connection transfer-encoding upgrade host"u8, FieldPolicy.Drop);
        AddAll("http2-settings sec-websocket-accept"u8, FieldPolicy.Drop);
        AddAll("authorization proxy-authorization set-cookie"u8, FieldPolicy.Secret);
        AddAll("cookie"u8, FieldPolicy.Cookie);
        AddAll("te"u8, FieldPolicy.Te);
        AddAll("sec-websocket-key"u8, FieldPolicy.Handshake);
        AddAll("age content-length content-range date etag expires if-match if-modified-since"u8, FieldPolicy.Volatile);
        AddAll("if-none-match if-range if-unmodified-since last-modified location range"u8, FieldPolicy.Volatile);
        AddAll("traceparent tracestate baggage b3 x-b3-traceid x-b3-spanid x-b3-parentspanid"u8, FieldPolicy.Volatile);
        AddAll("x-request-id x-correlation-id grpc-timeout idempotency-key"u8, FieldPolicy.Volatile);
    }

    /// <summary>Looks a name in lower case up.</summary>
    /// <param name="name">The name.</param>
    /// <param name="hash">Its <see cref="FieldHash"/>.</param>
    /// <param name="index">Its first index in the static table; 0 when it is not there.</param>
    /// <returns><see cref="FieldPolicy.Index"/> for every name that is not known.</returns>
    public FieldPolicy Find(ReadOnlySpan<byte> name, uint hash, out int index)
    {
        for (var slot = hash % Slots; _slots[slot].Name is { } known; slot = (slot + 1) % Slots)
        {
            if (_slots[slot].Hash == hash && name.SequenceEqual(known))
            {
                index = _slots[slot].Index;
                return _slots[slot].Policy;
            }
        }

        index = 0;
        return FieldPolicy.Index;
    }

    private void AddAll(ReadOnlySpan<byte> names, FieldPolicy policy)
    {
        foreach (var name in names.Split((byte)' '))
        {
            Add(names[name], 0, policy);
        }
    }

    private void Add(ReadOnlySpan<byte> name, int index, FieldPolicy policy)
    {
        var hash = FieldHash.Of(name);
        var slot = hash % Slots;
        while (_slots[slot].Name is { } known)
        {
            if (name.SequenceEqual(known))
            {
                _slots[slot].Policy = policy;
                return;
            }

            slot = (slot + 1) % Slots;
        }

        _slots[slot] = new Known { Hash = hash, Name = name.ToArray(), Index = index, Policy = policy };
    }

    private struct Known
    {
        public byte[]? Name;
        public uint Hash;
        public int Index;
        public FieldPolicy Policy;
    }
}
