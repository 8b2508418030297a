namespace Banyan.Rules;

/// <summary>Compiled header changes. Apply order: all removals, then <see cref="Set"/> in order. Immutable.</summary>
/// <remarks>
/// The levels of xDS (weighted cluster, route, virtual host, configuration; reversed when most_specific_header_mutations_wins)
/// are merged at compile time, so that one pass has the outcome that applying the levels one after the other has.
/// </remarks>
public sealed class HeaderMutation
{
    /// <summary>Changes nothing.</summary>
    public static readonly HeaderMutation None = new() { Remove = [], Set = [] };

    /// <summary>Lower-case names to remove.</summary>
    public required byte[][] Remove { get; init; }

    /// <summary>Fields to write, in order.</summary>
    public required HeaderEdit[] Set { get; init; }

    /// <summary>True when there is nothing to do.</summary>
    public bool IsEmpty => Remove.Length == 0 && Set.Length == 0;
}

/// <summary>How a field is written (envoy.config.core.v3.HeaderValueOption.HeaderAppendAction).</summary>
public enum HeaderEditAction : byte
{
    /// <summary>Add the line, whatever is there.</summary>
    AppendOrAdd,

    /// <summary>Add the line unless the field is there.</summary>
    AddIfAbsent,

    /// <summary>Replace every line of the field, or add the line.</summary>
    Overwrite,

    /// <summary>Replace every line of the field; nothing when there is none.</summary>
    OverwriteIfExists,
}

/// <summary>One field to write.</summary>
/// <param name="Name">Lower-case name.</param>
/// <param name="Line">The complete line <c>name: value\r\n</c>.</param>
/// <param name="Action">When and how.</param>
public sealed record HeaderEdit(byte[] Name, byte[] Line, HeaderEditAction Action);
