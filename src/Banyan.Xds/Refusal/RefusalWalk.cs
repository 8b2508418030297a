using System.Buffers.Binary;
using System.Text;

namespace Banyan.Xds.Refusal;

/// <summary>
/// Looks through the wire form of a message for fields of the list. The wire form, because of a field that is declared
/// with a type of its own the parser would not say how it was written, and of an unknown one nothing at all.
/// </summary>
internal sealed class RefusalWalk(FieldTable table)
{
    private const string Any = "google.protobuf.Any";
    private const int Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5;

    /// <summary>The parser's own limit; packed messages do not count there.</summary>
    private const int DeepestMessage = 100;

    /// <summary>So many are told: enough to see what is wrong.</summary>
    private const int MostFound = 32;

    private readonly List<string> _found = [];
    private int _depth;

    public IReadOnlyList<string> Found => _found;

    public void Visit(string type, ReadOnlySpan<byte> message, string at)
    {
        if (++_depth > DeepestMessage)
        {
            throw Malformed();
        }

        var fields = table.Of(type);
        Dictionary<int, int>? seen = null;
        HashSet<int>? singles = null;
        while (!message.IsEmpty)
        {
            var tag = Tag(ref message);
            var number = (int)(tag >> 3);
            var (value, bytes) = Value((int)(tag & 7), ref message);
            if (fields is null || !fields.TryGetValue(number, out var field))
            {
                continue;
            }

            var path = at.Length == 0 ? field.Name : $"{at}.{field.Name}";
            switch (field)
            {
                case { Type: null }:
                    Judge(field, value, bytes, path);
                    break;
                case { Shape: FieldShape.Map }:
                    VisitEntry(field.Type, bytes, path);
                    break;
                case { Shape: FieldShape.Many }:
                    seen ??= [];
                    var index = seen.GetValueOrDefault(number);
                    seen[number] = index + 1;
                    Enter(field.Type, bytes, $"{path}[{index}]");
                    break;
                default:
                    // The parser would put two halves together, and neither of them alone says what it is.
                    if (field.Type == Any && !(singles ??= []).Add(number))
                    {
                        throw Malformed();
                    }

                    Enter(field.Type, bytes, path);
                    break;
            }
        }

        _depth--;
    }

    private void Enter(string type, ReadOnlySpan<byte> message, string path)
    {
        if (type == Any)
        {
            Unpack(message, path);
        }
        else
        {
            Visit(type, message, path);
        }
    }

    private void Unpack(ReadOnlySpan<byte> any, string path)
    {
        const int Url = 1, Content = 2;
        var type = "";
        ReadOnlySpan<byte> content = default;
        while (!any.IsEmpty)
        {
            var tag = Tag(ref any);
            var (_, bytes) = Value((int)(tag & 7), ref any);
            switch (tag >> 3)
            {
                case Url:
                    var url = Encoding.UTF8.GetString(bytes);
                    type = url[(url.LastIndexOf('/') + 1)..];
                    break;
                case Content:
                    content = bytes;
                    break;
            }
        }

        // One that is not in the table holds nothing that is: whether it is supported is judged where its URL is read.
        if (table.Of(type) is not null)
        {
            Visit(type, content, path);
        }
    }

    private void VisitEntry(string type, ReadOnlySpan<byte> message, string path)
    {
        const int Key = 1, Content = 2;
        var key = "";
        var isRead = false;
        ReadOnlySpan<byte> content = default;
        while (!message.IsEmpty)
        {
            var tag = Tag(ref message);
            var (_, bytes) = Value((int)(tag & 7), ref message);
            switch (tag >> 3)
            {
                case Key:
                    key = Encoding.UTF8.GetString(bytes);
                    break;
                case Content when isRead:
                    throw Malformed();
                case Content:
                    isRead = true;
                    content = bytes;
                    break;
            }
        }

        Enter(type, content, $"{path}[{key}]");
    }

    private void Judge(ListedField field, ulong value, ReadOnlySpan<byte> bytes, string path)
    {
        var isSet = field.Shape switch
        {
            FieldShape.True => IsTrue(bytes),
            FieldShape.False => !IsTrue(bytes),
            FieldShape.Value => value != 0 || !bytes.IsEmpty,
            _ => true,
        };
        var text = $"{path}: not supported{(field.Instead.Length > 0 ? $", {field.Instead}" : "")}";
        if (isSet && _found.Count < MostFound && !_found.Contains(text, StringComparer.Ordinal))
        {
            _found.Add(text);
        }
    }

    private static bool IsTrue(ReadOnlySpan<byte> wrapper)
    {
        var result = false;
        while (!wrapper.IsEmpty)
        {
            var tag = Tag(ref wrapper);
            var (value, _) = Value((int)(tag & 7), ref wrapper);
            result = tag >> 3 == 1 ? value != 0 : result;
        }

        return result;
    }

    /// <summary>A field's number and how it is written. The parser would cut off what is beyond 32 bits.</summary>
    private static uint Tag(scoped ref ReadOnlySpan<byte> rest) =>
        Number(ref rest) is var tag and <= uint.MaxValue ? (uint)tag : throw Malformed();

    private static ulong Number(scoped ref ReadOnlySpan<byte> rest)
    {
        const int Longest = 10;
        ulong value = 0;
        for (var i = 0; i < Longest && i < rest.Length; i++)
        {
            value |= (ulong)(rest[i] & 0x7f) << (7 * i);
            if (rest[i] < 0x80)
            {
                rest = rest[(i + 1)..];
                return value;
            }
        }

        throw Malformed();
    }

    private static Wire Value(int wireType, scoped ref ReadOnlySpan<byte> rest)
    {
        switch (wireType)
        {
            case Varint:
                return new Wire(Number(ref rest), default);
            case Fixed64:
                var eight = Take(8, ref rest);
                return new Wire(BinaryPrimitives.ReadUInt64LittleEndian(eight), default);
            case Fixed32:
                var four = Take(4, ref rest);
                return new Wire(BinaryPrimitives.ReadUInt32LittleEndian(four), default);
            case Delimited:
                return new Wire(0, Take(Number(ref rest), ref rest));
            default:
                // Groups: nobody sends them.
                throw Malformed();
        }
    }

    private static ReadOnlySpan<byte> Take(ulong length, scoped ref ReadOnlySpan<byte> rest)
    {
        if (length > (ulong)rest.Length)
        {
            throw Malformed();
        }

        var taken = rest[..(int)length];
        rest = rest[(int)length..];
        return taken;
    }

    private static InvalidOperationException Malformed() => new("the bytes are not a protobuf message");

    /// <summary>A field's value: a number, or bytes.</summary>
    private readonly ref struct Wire(ulong number, ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;

        public void Deconstruct(out ulong value, out ReadOnlySpan<byte> content)
        {
            value = number;
            content = _bytes;
        }
    }
}
