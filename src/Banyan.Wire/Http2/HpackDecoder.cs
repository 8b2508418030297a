using Banyan.Wire.Http1;

namespace Banyan.Wire.Http2;

/// <summary>Decodes field blocks (RFC 7541) to HTTP/1.1 text, and refuses what RFC 9113 §8 calls malformed.</summary>
/// <remarks>
/// One for each connection, for all blocks it receives in their order; not thread-safe. Every text must have room
/// for <see cref="HeadLimits.MaxBytes"/>: less makes more blocks too large, and less than the table's size is an error of the
/// caller. Whatever is wrong with a block but its compression, all of it is decoded, so that the table stays in step.
/// Allocates nothing after construction.
/// </remarks>
public sealed class HpackDecoder
{
    private const byte Indexed = 0x80;
    private const byte Incremental = 0x40;
    private const byte SizeUpdate = 0x20;

    private readonly DynamicTable _table;
    private readonly StaticTable _static = StaticTable.Instance;
    private readonly Huffman _huffman = Huffman.Instance;
    private readonly int _sizeLimit;
    private readonly int _minText;

    /// <param name="maxTableSize">What SETTINGS_HEADER_TABLE_SIZE tells the peer, 0 to 65536. The table has 4096 bytes
    /// until the peer's encoder says otherwise, as it does when it learns of less.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is out of range.</exception>
    public HpackDecoder(int maxTableSize = DynamicTable.DefaultSize)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            (uint)maxTableSize, (uint)HeadLimits.MaxBytes, nameof(maxTableSize));
        _sizeLimit = maxTableSize;
        _minText = Math.Max(maxTableSize, DynamicTable.DefaultSize);
        _table = new DynamicTable(_minText, DynamicTable.DefaultSize);
    }

    /// <summary>Decodes the block of a request to a head with <c>host</c> as its first field, final empty line
    /// included.</summary>
    /// <remarks>
    /// An extended CONNECT becomes <c>GET path</c> with <c>connection: upgrade</c> and <c>upgrade: PROTOCOL</c> behind
    /// the host, a plain one <c>CONNECT authority</c>. Without <c>:authority</c> the host stands where its field stood.
    /// </remarks>
    /// <param name="block">The whole block: HEADERS and its CONTINUATIONs, without padding and priority.</param>
    /// <param name="text">Filled with the head; scratch space when the result is not Ok.</param>
    /// <param name="length">Bytes of text; 0 when the result is not Ok.</param>
    /// <param name="kind">What the request asks for.</param>
    /// <exception cref="ArgumentOutOfRangeException">The text is smaller than the table may be.</exception>
    public FieldBlockStatus DecodeRequest(
        ReadOnlySpan<byte> block, Span<byte> text, out int length, out RequestKind kind)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(text.Length, _minText, nameof(text));
        var lines = new FieldText(text, FieldSectionKind.Request);
        var status = Decode(block, ref lines, out length);
        kind = lines.RequestKind;
        return status;
    }

    /// <summary>Decodes the block of a response, interim or final, to a head with an empty reason.</summary>
    /// <inheritdoc cref="DecodeRequest" path="/param"/>
    public FieldBlockStatus DecodeResponse(ReadOnlySpan<byte> block, Span<byte> text, out int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(text.Length, _minText, nameof(text));
        var lines = new FieldText(text, FieldSectionKind.Response);
        return Decode(block, ref lines, out length);
    }

    /// <summary>Decodes trailers to lines with the final empty one. Fields that must not stand in trailers are
    /// left out.</summary>
    /// <inheritdoc cref="DecodeRequest" path="/param"/>
    public FieldBlockStatus DecodeTrailers(ReadOnlySpan<byte> block, Span<byte> text, out int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(text.Length, _minText, nameof(text));
        var lines = new FieldText(text, FieldSectionKind.Trailers);
        return Decode(block, ref lines, out length);
    }

    private FieldBlockStatus Decode(ReadOnlySpan<byte> block, ref FieldText lines, out int length)
    {
        length = 0;
        var at = 0;

        // Size updates stand before all fields (RFC 7541 §4.2).
        while (at < block.Length && block[at] is >= SizeUpdate and < Incremental)
        {
            if (!TryResize(block, ref at))
            {
                return FieldBlockStatus.CompressionError;
            }
        }

        while (at < block.Length)
        {
            var wellFormed = block[at] switch
            {
                >= Indexed => TryIndexed(block, ref at, ref lines),
                >= Incremental => TryLiteral(block, ref at, 6, true, ref lines),
                >= SizeUpdate => false,
                _ => TryLiteral(block, ref at, 4, false, ref lines),
            };
            if (!wellFormed)
            {
                return FieldBlockStatus.CompressionError;
            }
        }

        length = lines.Finish();
        return lines.Status;
    }

    private bool TryResize(ReadOnlySpan<byte> block, ref int at)
    {
        if (!HpackInteger.TryRead(block, ref at, 5, out var size) || size > _sizeLimit)
        {
            return false;
        }

        _table.Resize(size);
        return true;
    }

    private bool TryIndexed(ReadOnlySpan<byte> block, ref int at, ref FieldText lines)
    {
        if (!HpackInteger.TryRead(block, ref at, 7, out var index))
        {
            return false;
        }

        if (index > StaticTable.Count)
        {
            var number = _table.Inserted - (uint)(index - StaticTable.Count - 1);
            if (!_table.IsAlive(number))
            {
                return false;
            }

            ref readonly var entry = ref _table[number];
            lines.AddCopy(_table.Line(in entry), entry.NameLength, entry.LineRole);
            return true;
        }

        if (index == 0)
        {
            return false;
        }

        ref readonly var known = ref _static[index];
        lines.AddCopy(_static.Line(in known), known.NameLength, known.LineRole);
        return true;
    }

    /// <param name="index">Not 0.</param>
    /// <param name="name">The name at that place.</param>
    /// <param name="role">What it means.</param>
    private bool TryFindName(int index, out ReadOnlySpan<byte> name, out FieldRole role)
    {
        if (index <= StaticTable.Count)
        {
            ref readonly var known = ref _static[index];
            name = _static.Line(in known)[..known.NameLength];
            role = known.NameRole;
            return true;
        }

        var number = _table.Inserted - (uint)(index - StaticTable.Count - 1);
        if (!_table.IsAlive(number))
        {
            name = default;
            role = FieldRole.Refused;
            return false;
        }

        ref readonly var entry = ref _table[number];
        name = _table.Line(in entry)[..entry.NameLength];
        role = entry.NameRole;
        return true;
    }

    private bool TryLiteral(ReadOnlySpan<byte> block, ref int at, int prefixBits, bool insert, ref FieldText lines)
    {
        var start = at;
        var built = TryBuild(block, ref at, prefixBits, lines.Room, out var name, out var value, out var role);
        if (built == HuffmanStatus.TooLong && !lines.IsEmpty)
        {
            // The table must get it all the same: once more, with the whole text for scratch space.
            lines.Fail(FieldBlockStatus.TooLarge);
            at = start;
            built = TryBuild(block, ref at, prefixBits, lines.Room, out name, out value, out role);
        }

        if (built == HuffmanStatus.Invalid)
        {
            return false;
        }

        if (built == HuffmanStatus.TooLong)
        {
            // It fills more than the text, and the text is no smaller than the table.
            lines.Fail(FieldBlockStatus.TooLarge);
            if (insert)
            {
                _table.Clear();
            }

            return true;
        }

        var lineRole = insert ? _table.Insert(name, value, role) : FieldRoles.OfField(role, value);
        lines.AddBuilt(name.Length + value.Length + 4, name.Length, lineRole);
        return true;
    }

    /// <summary>Builds the line of a literal in <paramref name="room"/>.</summary>
    private HuffmanStatus TryBuild(
        ReadOnlySpan<byte> block,
        ref int at,
        int prefixBits,
        Span<byte> room,
        out ReadOnlySpan<byte> name,
        out ReadOnlySpan<byte> value,
        out FieldRole role)
    {
        name = default;
        value = default;
        role = FieldRole.Refused;
        if (!HpackInteger.TryRead(block, ref at, prefixBits, out var index))
        {
            return HuffmanStatus.Invalid;
        }

        int nameLength;
        var tooLong = false;
        if (index == 0)
        {
            var status = ReadString(block, ref at, room, out nameLength);
            if (status == HuffmanStatus.Invalid)
            {
                return status;
            }

            tooLong = status == HuffmanStatus.TooLong;
            role = tooLong ? FieldRole.Refused : FieldRoles.OfName(room[..nameLength]);
        }
        else
        {
            if (!TryFindName(index, out var known, out role))
            {
                return HuffmanStatus.Invalid;
            }

            nameLength = known.Length;
            tooLong = !known.TryCopyTo(room);
        }

        var valueStart = nameLength + 2;
        var valueRoom = valueStart + 2 > room.Length ? default : room[valueStart..^2];
        var valueStatus = ReadString(block, ref at, valueRoom, out var valueLength);
        if (valueStatus == HuffmanStatus.Invalid)
        {
            return valueStatus;
        }

        if (tooLong || valueStatus == HuffmanStatus.TooLong || valueStart + valueLength + 2 > room.Length)
        {
            return HuffmanStatus.TooLong;
        }

        name = room[..nameLength];
        value = room.Slice(valueStart, valueLength);
        room[nameLength] = (byte)':';
        room[nameLength + 1] = (byte)' ';
        room[valueStart + valueLength] = (byte)'\r';
        room[valueStart + valueLength + 1] = (byte)'\n';
        return HuffmanStatus.Ok;
    }

    /// <summary>Reads a string literal (RFC 7541 §5.2).</summary>
    private HuffmanStatus ReadString(ReadOnlySpan<byte> block, ref int at, Span<byte> output, out int written)
    {
        written = 0;
        var huffman = at < block.Length && block[at] >= 0x80;
        if (!HpackInteger.TryRead(block, ref at, 7, out var length) || length > block.Length - at)
        {
            return HuffmanStatus.Invalid;
        }

        var bytes = block.Slice(at, length);
        at += length;
        if (huffman)
        {
            return _huffman.Decode(bytes, output, out written);
        }

        written = length;
        return bytes.TryCopyTo(output) ? HuffmanStatus.Ok : HuffmanStatus.TooLong;
    }
}
