namespace Banyan.Model.Text;

/// <summary>"did you mean X": the nearest of the words that were possible.</summary>
internal static class Suggestion
{
    /// <summary><c> (did you mean X)</c>, or nothing when no word is near.</summary>
    public static string Hint(string given, IEnumerable<string> possible) =>
        Nearest(given, possible) is { } nearest ? $" (did you mean {nearest})" : "";

    public static string? Nearest(string given, IEnumerable<string> possible)
    {
        if (given.Length is 0 or > 64)
        {
            return null;
        }

        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var word in possible)
        {
            var distance = string.Equals(given, word, StringComparison.OrdinalIgnoreCase)
                ? 0
                : Distance(given.ToLowerInvariant(), word.ToLowerInvariant());
            if (distance < bestDistance && distance <= Tolerance(Math.Min(given.Length, word.Length)))
            {
                best = word;
                bestDistance = distance;
            }
        }

        // A part of the word: "Prefix" for "PathPrefix".
        return best ?? (given.Length >= 4 ? possible.FirstOrDefault(w => w.Contains(given, StringComparison.OrdinalIgnoreCase)) : null);
    }

    private static int Tolerance(int length) => Math.Clamp(length / 3, 1, 3);

    /// <summary>Edits (insert, delete, replace, swap of neighbours) from one word to the other.</summary>
    internal static int Distance(string a, string b)
    {
        var before = new int[b.Length + 1];
        var last = new int[b.Length + 1];
        var current = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            last[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1] + 1, last[j] + 1), last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    current[j] = Math.Min(current[j], before[j - 2] + 1);
                }
            }

            (before, last, current) = (last, current, before);
        }

        return last[b.Length];
    }
}
