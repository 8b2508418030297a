using System.Text;
using Banyan.Rules;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Http;

/// <summary>Applies compiled header changes while a head is written.</summary>
internal static class Edits
{
    /// <summary>True when the received line goes: removed, or replaced by a written one.</summary>
    internal static bool Drops(HeaderMutation mutation, in FieldLine line, ReadOnlySpan<byte> bytes)
    {
        var name = line.Name(bytes);
        foreach (var removed in mutation.Remove)
        {
            if (Ascii.EqualsIgnoreCase(name, removed))
            {
                return true;
            }
        }

        foreach (var edit in mutation.Set)
        {
            if (edit.Action is HeaderEditAction.Overwrite or HeaderEditAction.OverwriteIfExists
                && Ascii.EqualsIgnoreCase(name, edit.Name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Writes the lines that the mutation adds or sets.</summary>
    internal static void Write(
        ref HeadBuilder builder,
        HeaderMutation mutation,
        ReadOnlySpan<FieldLine> lines,
        ReadOnlySpan<byte> bytes)
    {
        foreach (var edit in mutation.Set)
        {
            var writes = edit.Action switch
            {
                HeaderEditAction.AddIfAbsent => !Has(lines, bytes, edit.Name),
                HeaderEditAction.OverwriteIfExists => Has(lines, bytes, edit.Name),
                _ => true,
            };
            if (writes)
            {
                builder.Append(edit.Line);
            }
        }
    }

    private static bool Has(ReadOnlySpan<FieldLine> lines, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> name)
    {
        foreach (ref readonly var line in lines)
        {
            if (Ascii.EqualsIgnoreCase(line.Name(bytes), name))
            {
                return true;
            }
        }

        return false;
    }
}
