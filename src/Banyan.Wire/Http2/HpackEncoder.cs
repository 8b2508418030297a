using System.Runtime.CompilerServices;
using System.Text;
using Banyan.Wire.Http1;

namespace Banyan.Wire.Http2;

/// <summary>Encodes HTTP/1.1 text to field blocks (RFC 7541).</summary>
/// <remarks>
/// One for each connection, for all blocks it sends in their order; not thread-safe. A field that comes for the second
/// time goes into the table, so that values which are new in each message do not push out what repeats. What goes into
/// the table is Huffman-coded, the rest is not: between neighbours, bytes are cheaper than the time to pack them.
/// Left out are <c>connection</c>, <c>keep-alive</c>, <c>proxy-connection</c>, <c>transfer-encoding</c>, <c>upgrade</c>,
/// <c>http2-settings</c>, and <c>te</c> other than trailers. Allocates nothing after construction.
/// </remarks>
public sealed partial class HpackEncoder
{
    /// <summary>An output with that many bytes more than the text is always enough for a head or trailer section
    /// within <see cref="HeadLimits"/>.</summary>
    public const int Slack = 256;

    private const byte Indexed = 0x80;
    private const byte Incremental = 0x40;
    private const byte SizeUpdate = 0x20;
    private const byte NeverIndexed = 0x10;
    private const int ShortCookie = 20;
    private const int LoweredNames = 128;
    private const int Seen = 64;
    private const int Places = 32;

    private readonly DynamicTable _table;
    private readonly TableIndex _index;
    private readonly KnownNames _known = KnownNames.Instance;
    private readonly Huffman _huffman = Huffman.Instance;
    private readonly int _capacity;

    /// <summary>Hashes of fields that were not in the table when they came.</summary>
    private readonly uint[] _seen = new uint[Seen];

    /// <summary>For each place in a message the number of the entry that the field there became.</summary>
    private readonly uint[] _last = new uint[Places];

    /// <summary>The smallest size since the last block that told the peer, or -1 when there is nothing to tell.</summary>
    private int _smallestSize = -1;

    /// <param name="maxTableSize">The most that the table may take here, whatever the peer allows: 0 to 65536. Until the
    /// peer says otherwise the table has at most 4096 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is out of range.</exception>
    public HpackEncoder(int maxTableSize = DynamicTable.DefaultSize)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            (uint)maxTableSize, (uint)HeadLimits.MaxBytes, nameof(maxTableSize));
        _capacity = maxTableSize;
        _table = new DynamicTable(maxTableSize, Math.Min(maxTableSize, DynamicTable.DefaultSize));
        _index = new TableIndex(_table);
        if (_table.MaxSize < DynamicTable.DefaultSize)
        {
            _smallestSize = _table.MaxSize;
        }
    }

    /// <summary>Follows the peer's SETTINGS_HEADER_TABLE_SIZE; the next block says so (RFC 7541 §4.2).</summary>
    /// <param name="size">Bytes. Any value: a negative one is what did not fit 31 bits.</param>
    public void SetMaxTableSize(int size)
    {
        var limit = size < 0 ? _capacity : Math.Min(size, _capacity);
        if (limit == _table.MaxSize)
        {
            return;
        }

        _smallestSize = _smallestSize < 0 ? limit : Math.Min(_smallestSize, limit);
        _table.Resize(limit);
    }

    /// <summary>Encodes the head of a response with its status.</summary>
    /// <inheritdoc cref="EncodeTrailers"/>
    public int EncodeResponse(ReadOnlySpan<byte> head, Span<byte> output)
    {
        var lines = new HeadLines(head);
        var start = lines.NextLine();
        var space = start.IndexOf((byte)' ');
        var digits = start[(space + 1)..];
        if (space < 0 || digits.Length < FieldRoles.StatusDigits)
        {
            return 0;
        }

        digits = digits[..FieldRoles.StatusDigits];
        if (digits.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return 0;
        }

        var writer = Begin(output);
        Status(digits, ref writer);
        Fields(ref lines, handshake: false, ref writer);
        return End(ref writer);
    }

    /// <summary>Encodes the fields of a trailer section.</summary>
    /// <returns>Bytes of the block, or 0 when it does not fit; see <see cref="Slack"/>.</returns>
    public int EncodeTrailers(ReadOnlySpan<byte> lines, Span<byte> output)
    {
        var rest = new HeadLines(lines);
        var writer = Begin(output);
        Fields(ref rest, handshake: false, ref writer);
        return End(ref writer);
    }

    private BlockWriter Begin(Span<byte> output)
    {
        var writer = new BlockWriter(output);
        if (_smallestSize >= 0)
        {
            if (_smallestSize < _table.MaxSize)
            {
                writer.Integer(SizeUpdate, 5, _smallestSize);
            }

            writer.Integer(SizeUpdate, 5, _table.MaxSize);
        }

        return writer;
    }

    /// <summary>A block that does not fit never reaches the peer, nor does what it put into the table: the next one
    /// empties both tables.</summary>
    private int End(ref BlockWriter writer)
    {
        if (writer.IsFull)
        {
            _table.Clear();
            _smallestSize = 0;
            return 0;
        }

        _smallestSize = -1;
        return writer.Length;
    }

    /// <summary>Encodes the fields that are left. Messages of a connection resemble each other: what the last one's
    /// field at the same place became is tried first, and a whole line that is equal needs no looking up.</summary>
    private void Fields(ref HeadLines lines, bool handshake, ref BlockWriter writer)
    {
        for (var place = 0; ; place++)
        {
            ref var last = ref _last[place % Places];
            if (!handshake && _table.IsAlive(last) && lines.TryTakeLine(_table.Line(in _table[last])))
            {
                writer.Integer(Indexed, 7, IndexOf(last));
                continue;
            }

            if (!lines.TryNextField(out var name, out var value))
            {
                return;
            }

            last = RegularField(name, value, handshake, ref writer);
        }
    }

    /// <returns>The number of the entry that holds the field now, or 0.</returns>
    [SkipLocalsInit]
    private uint RegularField(
        scoped ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool handshake, ref BlockWriter writer)
    {
        if (name.Length > LoweredNames)
        {
            writer.Integer(0, 4, 0);
            writer.PlainLowered(name);
            writer.Plain(value);
            return 0;
        }

        Span<byte> buffer = stackalloc byte[LoweredNames];
        Ascii.ToLower(name, buffer, out var lowered);
        name = buffer[..lowered];
        var hash = FieldHash.Of(name);
        var policy = _known.Find(name, hash, out var index);
        switch (policy)
        {
            case FieldPolicy.Drop:
            case FieldPolicy.Te when !Syntax.Is(value, "trailers"u8):
            case FieldPolicy.Handshake when handshake:
                return 0;
            case FieldPolicy.Cookie:
                policy = value.Length < ShortCookie ? FieldPolicy.Secret : FieldPolicy.Index;
                break;
            case FieldPolicy.Te:
            case FieldPolicy.Handshake:
                policy = FieldPolicy.Index;
                break;
        }

        if (index == StaticTable.AcceptEncoding && value.SequenceEqual("gzip, deflate"u8))
        {
            writer.Integer(Indexed, 7, index);
            return 0;
        }

        return Field(name, value, hash, index, policy, ref writer);
    }

    /// <param name="name">In lower case.</param>
    /// <param name="value">The value.</param>
    /// <param name="nameHash">The name's hash.</param>
    /// <param name="staticIndex">The name's index in the static table, or 0.</param>
    /// <param name="policy">Index, Volatile or Secret.</param>
    /// <param name="writer">Where to.</param>
    /// <returns>The number of the entry that holds the field now, or 0.</returns>
    private uint Field(
        scoped ReadOnlySpan<byte> name,
        scoped ReadOnlySpan<byte> value,
        uint nameHash,
        int staticIndex,
        FieldPolicy policy,
        ref BlockWriter writer)
    {
        var fieldHash = FieldHash.Combine(nameHash, FieldHash.Of(value));
        if (policy != FieldPolicy.Secret && _index.FindField(name, value, fieldHash) is var found and not 0)
        {
            writer.Integer(Indexed, 7, IndexOf(found));
            return found;
        }

        var nameIndex = staticIndex;
        if (nameIndex == 0 && _index.FindName(name, nameHash) is var named and not 0)
        {
            nameIndex = IndexOf(named);
        }

        if (policy != FieldPolicy.Secret && ShouldInsert(policy, nameIndex, fieldHash) && Fits(name, value))
        {
            writer.Integer(Incremental, 6, nameIndex);
            if (nameIndex == 0)
            {
                writer.Packed(name, _huffman);
            }

            writer.Packed(value, _huffman);
            _table.Insert(name, value, FieldRole.Plain);
            _index.Add(nameHash, fieldHash);
            return _table.Inserted;
        }

        writer.Integer(policy == FieldPolicy.Secret ? NeverIndexed : (byte)0, 4, nameIndex);
        if (nameIndex == 0)
        {
            writer.Plain(name);
        }

        writer.Plain(value);
        return 0;
    }

    private bool ShouldInsert(FieldPolicy policy, int nameIndex, uint fieldHash)
    {
        if (nameIndex == 0)
        {
            return true;
        }

        if (policy == FieldPolicy.Volatile)
        {
            return false;
        }

        ref var seen = ref _seen[fieldHash % Seen];
        var again = seen == fieldHash;
        seen = fieldHash;
        return again;
    }

    /// <summary>One field takes a quarter of the table at most.</summary>
    private bool Fits(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        name.Length + value.Length + DynamicTable.Overhead <= _table.MaxSize / 4;

    private int IndexOf(uint number) => StaticTable.Count + 1 + (int)(_table.Inserted - number);
}
