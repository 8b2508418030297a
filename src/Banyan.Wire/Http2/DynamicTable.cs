using System.Numerics;

namespace Banyan.Wire.Http2;

/// <summary>The dynamic table (RFC 7541 §2.3.2, §4) of an encoder or decoder: fields as lines of text in one
/// array.</summary>
/// <remarks>
/// An entry counts 32 bytes more than its name and value and takes only 4 more, so the lines always fit an array of the
/// largest size. At its end the lines move back to the front, which keeps each in one piece. Entries carry the number of
/// their insertion, beginning with 1. Not thread-safe.
/// </remarks>
internal sealed class DynamicTable
{
    /// <summary>What an entry counts more than its name and value (RFC 7541 §4.1).</summary>
    public const int Overhead = 32;

    /// <summary>The size of a table before anything was said about it.</summary>
    public const int DefaultSize = 4096;

    private const int LinePunctuation = 4;

    private readonly byte[] _lines;
    private readonly TableEntry[] _entries;
    private readonly uint _mask;
    private uint _origin;
    private int _end;

    /// <param name="capacity">The largest size that it will ever have, in bytes.</param>
    /// <param name="maxSize">Its size at first.</param>
    public DynamicTable(int capacity, int maxSize)
    {
        _lines = new byte[capacity];
        _entries = new TableEntry[BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, capacity / Overhead))];
        _mask = (uint)_entries.Length - 1;
        MaxSize = maxSize;
    }

    /// <summary>Entries that are there.</summary>
    public int Count { get; private set; }

    /// <summary>The number of the newest entry, dead or alive.</summary>
    public uint Inserted { get; private set; }

    /// <summary>Bytes, counted as RFC 7541 §4.1 does.</summary>
    public int Size { get; private set; }

    public int MaxSize { get; private set; }

    /// <summary>Numbers below <see cref="Entries"/> share slots; this one is the slot's number.</summary>
    public uint Mask => _mask;

    public bool IsAlive(uint number) => Inserted - number < (uint)Count;

    /// <param name="number">Of an entry that is alive.</param>
    public ref readonly TableEntry this[uint number] => ref _entries[number & _mask];

    public ReadOnlySpan<byte> Line(scoped in TableEntry entry) =>
        _lines.AsSpan((int)(entry.Offset - _origin), entry.LineLength);

    /// <summary>Sets the size, and evicts what it no longer holds.</summary>
    /// <param name="maxSize">0 to the capacity.</param>
    public void Resize(int maxSize)
    {
        MaxSize = maxSize;
        EvictTo(maxSize);
    }

    public void Clear() => EvictTo(0);

    /// <summary>Inserts a field; one that is larger than the table empties it (RFC 7541 §4.4).</summary>
    /// <param name="name">Not of this table: eviction would take it away.</param>
    /// <param name="value">The same.</param>
    /// <param name="role">What the name means.</param>
    /// <returns>What the field means.</returns>
    public FieldRole Insert(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, FieldRole role)
    {
        var lineRole = FieldRoles.OfField(role, value);
        var size = name.Length + value.Length + Overhead;
        if (size > MaxSize)
        {
            Clear();
            return lineRole;
        }

        EvictTo(MaxSize - size);
        var length = name.Length + value.Length + LinePunctuation;
        MakeRoom(length);
        var line = _lines.AsSpan(_end, length);
        name.CopyTo(line);
        line[name.Length] = (byte)':';
        line[name.Length + 1] = (byte)' ';
        value.CopyTo(line[(name.Length + 2)..]);
        line[^2] = (byte)'\r';
        line[^1] = (byte)'\n';
        Inserted++;
        Count++;
        Size += size;
        ref var entry = ref _entries[Inserted & _mask];
        entry.Offset = _origin + (uint)_end;
        entry.LineLength = length;
        entry.NameLength = name.Length;
        entry.NameRole = role;
        entry.LineRole = lineRole;
        _end += length;
        return lineRole;
    }

    private void EvictTo(int size)
    {
        while (Size > size)
        {
            Size -= Oldest.LineLength - LinePunctuation + Overhead;
            Count--;
        }
    }

    private ref readonly TableEntry Oldest => ref _entries[(Inserted - (uint)Count + 1) & _mask];

    private void MakeRoom(int length)
    {
        if (Count == 0)
        {
            _origin += (uint)_end;
            _end = 0;
            return;
        }

        if (_end + length <= _lines.Length)
        {
            return;
        }

        var start = (int)(Oldest.Offset - _origin);
        _lines.AsSpan(start, _end - start).CopyTo(_lines);
        _origin += (uint)start;
        _end -= start;
    }
}
