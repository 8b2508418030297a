using Banyan.Xds;
using Google.Protobuf.Collections;

namespace Banyan.Model;

/// <summary>Header modifiers to header options.</summary>
internal static class HeaderTranslator
{
    public static void Apply(
        HttpHeaderModifier? modifier, RepeatedField<HeaderValueOption> add, RepeatedField<string> remove)
    {
        if (modifier is null)
        {
            return;
        }

        foreach (var header in modifier.Set)
        {
            add.Add(Option(header, HeaderValueOption.Types.HeaderAppendAction.OverwriteIfExistsOrAdd));
        }

        foreach (var header in modifier.Add)
        {
            add.Add(Option(header, HeaderValueOption.Types.HeaderAppendAction.AppendIfExistsOrAdd));
        }

        foreach (var name in modifier.Remove)
        {
            remove.Add(name.ToLowerInvariant());
        }
    }

    private static HeaderValueOption Option(HttpHeader header, HeaderValueOption.Types.HeaderAppendAction action) =>
        new()
    {
        // A percent sign begins a variable in xDS; here values are literal.
        Header = new HeaderValue { Key = header.Name.ToLowerInvariant(), Value = header.Value.Replace("%", "%%", StringComparison.Ordinal) },
        AppendAction = action,
    };
}
