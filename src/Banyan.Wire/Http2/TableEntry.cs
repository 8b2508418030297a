namespace Banyan.Wire.Http2;

/// <summary>One field of a table: where its line stands and what was found out about it once.</summary>
internal struct TableEntry
{
    /// <summary>Offset of the line <c>name: value CRLF</c> in its table's bytes, counted from a moving origin.</summary>
    public uint Offset;

    /// <summary>Bytes of the line.</summary>
    public int LineLength;
    public int NameLength;

    /// <summary>What the name means, whatever the value.</summary>
    public FieldRole NameRole;

    /// <summary>What the whole field means: <see cref="FieldRole.Refused"/> when the value is not one.</summary>
    public FieldRole LineRole;
}
