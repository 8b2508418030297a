namespace Banyan.Model.Text;

/// <summary>
/// Cuts a YAML stream at its document markers, so that a mistake in one document does not hide the others.
/// </summary>
/// <remarks>
/// A line that begins with <c>---</c> is a marker everywhere, also inside block scalars (YAML 1.2 §9.1.2).
/// </remarks>
internal static class YamlSplitter
{
    /// <summary>One document and how many lines stand before it.</summary>
    internal readonly record struct Part(int Start, int Length, int LinesBefore);

    public static List<Part> Split(string text)
    {
        var parts = new List<Part>();
        var start = 0;
        var startLine = 0;
        var line = 0;
        var hasContent = false;
        for (var position = 0; position < text.Length; line++)
        {
            var end = text.IndexOf('\n', position);
            end = end < 0 ? text.Length : end + 1;
            var current = text.AsSpan(position, end - position);
            if (IsMarker(current, "---") && hasContent)
            {
                parts.Add(new Part(start, position - start, startLine));
                (start, startLine, hasContent) = (position, line, false);
            }

            // Directives and comments in front of a marker belong to the document behind it.
            hasContent |= !IsEmpty(current) || IsMarker(current, "---");
            position = end;
        }

        if (hasContent)
        {
            parts.Add(new Part(start, text.Length - start, startLine));
        }

        return parts;
    }

    private static bool IsMarker(ReadOnlySpan<char> line, string marker) =>
        line.StartsWith(marker) && (line.Length == 3 || char.IsWhiteSpace(line[3]));

    private static bool IsEmpty(ReadOnlySpan<char> line)
    {
        var text = line.Trim();
        return text.IsEmpty || text[0] == '#' || line[0] == '%' || IsMarker(line, "...");
    }
}
