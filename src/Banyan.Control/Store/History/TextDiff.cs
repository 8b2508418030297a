using System.Text;

namespace Banyan.Control.Store.History;

/// <summary>The difference of two texts in the unified format that <c>patch</c> reads. Pure.</summary>
internal static class TextDiff
{
    private const int Context = 3;

    /// <summary>A table of more cells is not worth its time: such a middle is shown as replaced.</summary>
    private const int MaxCells = 4_000_000;

    /// <summary>The difference; empty when there is none. A null text does not exist.</summary>
    public static string Unified(string? before, string? after, string beforeName, string afterName)
    {
        if (before == after)
        {
            return "";
        }

        var edits = Edits(Lines(before), Lines(after));
        var text = new StringBuilder();
        text.Append("--- ").Append(before is null ? "/dev/null" : beforeName).Append('\n');
        text.Append("+++ ").Append(after is null ? "/dev/null" : afterName).Append('\n');
        foreach (var hunk in Hunks(edits))
        {
            hunk.AppendTo(text);
        }

        return text.ToString();
    }

    private static string[] Lines(string? text) =>
        string.IsNullOrEmpty(text) ? [] : text.TrimEnd('\n').Split('\n');

    private static List<Edit> Edits(string[] before, string[] after)
    {
        var start = 0;
        while (start < before.Length && start < after.Length && before[start] == after[start])
        {
            start++;
        }

        var (endBefore, endAfter) = (before.Length, after.Length);
        while (endBefore > start && endAfter > start && before[endBefore - 1] == after[endAfter - 1])
        {
            endBefore--;
            endAfter--;
        }

        List<Edit> edits = [.. before[..start].Select(line => new Edit(' ', line))];
        edits.AddRange(Middle(before.AsSpan(start..endBefore), after.AsSpan(start..endAfter)));
        edits.AddRange(before[endBefore..].Select(line => new Edit(' ', line)));
        return edits;
    }

    /// <summary>By the longest common subsequence.</summary>
    private static List<Edit> Middle(ReadOnlySpan<string> before, ReadOnlySpan<string> after)
    {
        List<Edit> edits = [];
        var (i, j) = (0, 0);
        if ((long)before.Length * after.Length <= MaxCells)
        {
            var longest = new int[before.Length + 1, after.Length + 1];
            for (var row = before.Length - 1; row >= 0; row--)
            {
                for (var column = after.Length - 1; column >= 0; column--)
                {
                    longest[row, column] = before[row] == after[column]
                        ? longest[row + 1, column + 1] + 1
                        : Math.Max(longest[row + 1, column], longest[row, column + 1]);
                }
            }

            while (i < before.Length && j < after.Length)
            {
                if (before[i] == after[j])
                {
                    edits.Add(new Edit(' ', before[i++]));
                    j++;
                }
                else if (longest[i + 1, j] >= longest[i, j + 1])
                {
                    edits.Add(new Edit('-', before[i++]));
                }
                else
                {
                    edits.Add(new Edit('+', after[j++]));
                }
            }
        }

        for (; i < before.Length; i++)
        {
            edits.Add(new Edit('-', before[i]));
        }

        for (; j < after.Length; j++)
        {
            edits.Add(new Edit('+', after[j]));
        }

        return edits;
    }

    private static IEnumerable<Hunk> Hunks(List<Edit> edits)
    {
        var (before, after) = (0, 0);
        Hunk? open = null;
        for (var i = 0; i < edits.Count; i++)
        {
            var isNear = false;
            for (var near = Math.Max(0, i - Context); near <= Math.Min(edits.Count - 1, i + Context); near++)
            {
                isNear |= edits[near].Sign != ' ';
            }

            if (isNear)
            {
                open ??= new Hunk(before, after);
                open.Edits.Add(edits[i]);
            }
            else if (open is not null)
            {
                yield return open;
                open = null;
            }

            before += edits[i].Sign == '+' ? 0 : 1;
            after += edits[i].Sign == '-' ? 0 : 1;
        }

        if (open is not null)
        {
            yield return open;
        }
    }

    private readonly record struct Edit(char Sign, string Line);

    /// <summary>Lines that stand together. Counted from 0: so many lines come before it on each side.</summary>
    private sealed class Hunk(int before, int after)
    {
        public List<Edit> Edits { get; } = [];

        public void AppendTo(StringBuilder text)
        {
            text.Append("@@ -").Append(Range(before, Edits.Count(edit => edit.Sign != '+')))
                .Append(" +").Append(Range(after, Edits.Count(edit => edit.Sign != '-'))).Append(" @@\n");
            foreach (var (sign, line) in Edits)
            {
                text.Append(sign).Append(line).Append('\n');
            }
        }

        /// <summary>An empty side is named by the line before it.</summary>
        private static string Range(int start, int count) => count == 0 ? $"{start},0" : $"{start + 1},{count}";
    }
}
