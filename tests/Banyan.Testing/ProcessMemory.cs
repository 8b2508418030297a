using System.Globalization;

namespace Banyan.Testing;

/// <summary>Resident memory of a process, in bytes, as the kernel counts it (proc(5), <c>status</c>).</summary>
/// <param name="Resident">All of it.</param>
/// <param name="Anonymous">Heap and stacks.</param>
/// <param name="File">Pages of files: code and constants.</param>
public sealed record ProcessMemory(long Resident, long Anonymous, long File)
{
    /// <summary>Of the calling process.</summary>
    public static ProcessMemory OfThisProcess => Of(Environment.ProcessId);

    /// <summary>Of the process with that id.</summary>
    public static ProcessMemory Of(int id)
    {
        var lines = System.IO.File.ReadAllLines($"/proc/{id}/status");
        return new ProcessMemory(Read(lines, "VmRSS:"), Read(lines, "RssAnon:"), Read(lines, "RssFile:"));
    }

    private static long Read(string[] lines, string name)
    {
        var line = lines.Single(line => line.StartsWith(name, StringComparison.Ordinal));
        return 1024 * long.Parse(line.AsSpan(name.Length, line.Length - name.Length - " kB".Length), CultureInfo.InvariantCulture);
    }
}
