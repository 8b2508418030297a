using System.Globalization;

namespace Banyan.Bench.Measure;

/// <summary>Time of the threads on which a .NET process compiles again what it runs often.</summary>
/// <remarks>
/// Such a thread ends when it has had nothing to do for some seconds, and its time goes with it: a difference of two
/// readings may be too small, never too large.
/// </remarks>
internal static class CompilerClock
{
    // The kernel keeps fifteen characters of ".NET Tiered Compilation Worker".
    private const string Name = ".NET Tiered Com";

    public static double Microseconds(int pid)
    {
        var total = 0.0;
        try
        {
            foreach (var thread in Directory.EnumerateDirectories($"/proc/{pid}/task"))
            {
                total += One(thread);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // The process ended.
        }

        return total;
    }

    private static double One(string thread)
    {
        try
        {
            if (File.ReadAllText($"{thread}/comm").TrimEnd() != Name)
            {
                return 0;
            }

            var nanoseconds = File.ReadAllText($"{thread}/schedstat").Split(' ')[0];
            return double.Parse(nanoseconds, CultureInfo.InvariantCulture) / 1e3;
        }
        catch (IOException)
        {
            // The thread ended.
            return 0;
        }
    }
}
