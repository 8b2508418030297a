using System.Globalization;

namespace Banyan.Proxy.Background;

/// <summary>Gives back the pages of program code and constants that only starting and taking in configuration needed.</summary>
/// <remarks>
/// Half of the resident memory of a small sidecar is such code. It is a clean copy of a file, so letting go of it costs
/// nothing but a fault on the next use, mostly served from the page cache (docs/decisions/0011). Mappings with pages of
/// their own (relocated data, the heap) are never touched, also when those pages are swapped out.
/// </remarks>
internal static class StartupPages
{
    /// <summary>Unmaps the clean pages of the program itself. Libraries stay: one may be loaded this very moment.</summary>
    public static void GiveBack()
    {
        if (Environment.ProcessPath is { } program)
        {
            GiveBack(program);
        }
    }

    /// <summary>Unmaps the clean pages of a file that was mapped completely long ago.</summary>
    public static void GiveBack(string file)
    {
        nuint start = 0, end = 0;
        var candidate = false;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            if (IsHead(line, out var range, out var rest))
            {
                var dash = range.IndexOf('-');
                start = nuint.Parse(range[..dash], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                end = nuint.Parse(range[(dash + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                candidate = rest.StartsWith("r-", StringComparison.Ordinal) && rest.EndsWith(file, StringComparison.Ordinal);
            }
            else if (line.StartsWith("Anonymous:", StringComparison.Ordinal))
            {
                candidate &= line.EndsWith(" 0 kB", StringComparison.Ordinal);
            }
            else if (line.StartsWith("Swap:", StringComparison.Ordinal) && candidate && line.EndsWith(" 0 kB", StringComparison.Ordinal))
            {
                _ = Native.Advise(start, end - start, Native.DontNeed);
            }
        }
    }

    /// <summary>"START-END PERMISSIONS OFFSET DEVICE INODE PATH" begins a mapping; "Name: value" tells about it.</summary>
    private static bool IsHead(string line, out ReadOnlySpan<char> range, out ReadOnlySpan<char> rest)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        range = space < 0 ? default : line.AsSpan(0, space);
        rest = space < 0 ? default : line.AsSpan(space + 1);
        return range.Contains('-') && !range.EndsWith(':');
    }
}
