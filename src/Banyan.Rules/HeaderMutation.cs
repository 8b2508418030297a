namespace Banyan.Rules;

/// <summary>Compiled header changes. Apply order: removals, then sets, then adds (route over virtual host over configuration:
/// lists are merged at compile time so that the outcome is the one xDS describes).</summary>
public sealed class HeaderMutation
{
    public static readonly HeaderMutation None = new() { Remove = [], Set = [] };

    /// <summary>Lower-case names to remove.</summary>
    public required byte[][] Remove { get; init; }

    /// <summary>Fields to write, in order.</summary>
    public required HeaderEdit[] Set { get; init; }

    public bool IsEmpty => Remove.Length == 0 && Set.Length == 0;
}

/// <summary>How a field is written (envoy.config.core.v3.HeaderValueOption.HeaderAppendAction).</summary>
public enum HeaderEditAction : byte
{
    AppendOrAdd,
    AddIfAbsent,
    Overwrite,
    OverwriteIfExists,
}

/// <summary>One field to write.</summary>
/// <param name="Name">Lower-case name.</param>
/// <param name="Line">The complete line <c>name: value\r\n</c>.</param>
/// <param name="Action">When and how.</param>
public sealed record HeaderEdit(byte[] Name, byte[] Line, HeaderEditAction Action);
