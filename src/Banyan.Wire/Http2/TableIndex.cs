namespace Banyan.Wire.Http2;

/// <summary>Finds the fields of an encoder's dynamic table by their name, and by name and value.</summary>
/// <remarks>
/// Two hash tables of chains, from each entry to the one inserted before it. Eviction is from the old end, so a chain
/// ends at the first entry that is gone and nothing needs to be taken out.
/// </remarks>
internal sealed class TableIndex
{
    private const int Buckets = 256;

    /// <summary>Entries looked at in one search: a long chain is one of collisions, or of one name with many
    /// values.</summary>
    private const int MaxSteps = 8;

    private readonly DynamicTable _table;
    private readonly uint[] _byName = new uint[Buckets];
    private readonly uint[] _byField = new uint[Buckets];
    private readonly Link[] _links;

    public TableIndex(DynamicTable table)
    {
        _table = table;
        _links = new Link[table.Mask + 1];
    }

    /// <summary>The number of the entry with that name and value, or 0.</summary>
    public uint FindField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, uint hash)
    {
        var number = _byField[hash % Buckets];
        for (var step = 0; step < MaxSteps && _table.IsAlive(number); step++)
        {
            ref readonly var link = ref _links[number & _table.Mask];
            if (link.FieldHash == hash)
            {
                ref readonly var entry = ref _table[number];
                var line = _table.Line(in entry);
                if (name.SequenceEqual(line[..entry.NameLength])
                    && value.SequenceEqual(line[(entry.NameLength + 2)..^2]))
                {
                    return number;
                }
            }

            number = link.SameField;
        }

        return 0;
    }

    /// <summary>The number of the newest entry with that name, or 0.</summary>
    public uint FindName(ReadOnlySpan<byte> name, uint hash)
    {
        var number = _byName[hash % Buckets];
        for (var step = 0; step < MaxSteps && _table.IsAlive(number); step++)
        {
            ref readonly var link = ref _links[number & _table.Mask];
            if (link.NameHash == hash)
            {
                ref readonly var entry = ref _table[number];
                if (name.SequenceEqual(_table.Line(in entry)[..entry.NameLength]))
                {
                    return number;
                }
            }

            number = link.SameName;
        }

        return 0;
    }

    /// <summary>Adds the newest entry.</summary>
    public void Add(uint nameHash, uint fieldHash)
    {
        var number = _table.Inserted;
        ref var link = ref _links[number & _table.Mask];
        ref var byName = ref _byName[nameHash % Buckets];
        ref var byField = ref _byField[fieldHash % Buckets];
        link = new Link { NameHash = nameHash, FieldHash = fieldHash, SameName = byName, SameField = byField };
        byName = number;
        byField = number;
    }

    private struct Link
    {
        public uint NameHash;
        public uint FieldHash;
        public uint SameName;
        public uint SameField;
    }
}
