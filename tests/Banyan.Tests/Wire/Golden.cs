using System.Text;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Wire;

/// <summary>Files that hold what the code said when a human last looked. BANYAN_GOLDEN=write writes them anew.</summary>
internal static class Golden
{
    public static void Check(string name, string actual)
    {
        var path = Path.Combine(Repository.Root, "tests", "Banyan.Tests", name);
        var expected = File.Exists(path) ? File.ReadAllText(path) : "";
        if (Environment.GetEnvironmentVariable("BANYAN_GOLDEN") == "write")
        {
            File.WriteAllText(path, actual);
            return;
        }

        Assert.Equal(expected, actual);
    }

    /// <summary>One line of printable ASCII; long runs of one character are counted.</summary>
    public static string Shorten(string text)
    {
        var result = new StringBuilder();
        for (var i = 0; i < text.Length;)
        {
            var run = i;
            while (run < text.Length && text[run] == text[i])
            {
                run++;
            }

            var shown = text[i] is >= ' ' and < '\x7f' ? text[i].ToString() : $"\\x{(int)text[i]:x2}";
            result.Append(run - i > 20 ? $"{shown}*{run - i}" : string.Concat(Enumerable.Repeat(shown, run - i)));
            i = run;
        }

        const int Most = 900;
        return result.Length <= Most ? result.ToString() : result.ToString(0, Most) + "...";
    }
}
