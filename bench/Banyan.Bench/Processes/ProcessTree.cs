using System.Globalization;

namespace Banyan.Bench.Processes;

/// <summary>A process and what it started: a master with its workers is one side.</summary>
internal static class ProcessTree
{
    public static IEnumerable<int> Of(int pid)
    {
        yield return pid;
        var path = $"/proc/{pid}/task/{pid}/children";
        if (!File.Exists(path))
        {
            yield break;
        }

        foreach (var child in File.ReadAllText(path).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (var below in Of(int.Parse(child, CultureInfo.InvariantCulture)))
            {
                yield return below;
            }
        }
    }
}
