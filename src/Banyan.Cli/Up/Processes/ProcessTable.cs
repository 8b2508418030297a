using System.Text;

namespace Banyan.Cli.Up.Processes;

/// <summary>One line of the kernel's process table.</summary>
internal readonly record struct ProcessEntry(int Pid, char State, int Parent, int Group, int Session)
{
    /// <summary>Whether it has ended and only waits to be collected.</summary>
    public bool IsDead => State is 'Z' or 'X' or 'x';
}

/// <summary>Reads /proc. Processes come and go meanwhile, so every read may find nothing.</summary>
internal static class ProcessTable
{
    /// <summary>All processes that can be seen now.</summary>
    public static List<ProcessEntry> Read()
    {
        var entries = new List<ProcessEntry>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), out var pid) && Find(pid) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    /// <summary>One process, or nothing when there is none of this number.</summary>
    public static ProcessEntry? Find(int pid)
    {
        var fields = Fields(pid);
        return fields.Length >= 4
            && int.TryParse(fields[1], out var parent)
            && int.TryParse(fields[2], out var group)
            && int.TryParse(fields[3], out var session)
                ? new ProcessEntry(pid, fields[0][0], parent, group, session)
                : null;
    }

    /// <summary>When a process began, in clock ticks since the machine did; nothing when there is none of this number.</summary>
    public static long? StartOf(int pid) =>
        Fields(pid) is { Length: > 19 } fields && long.TryParse(fields[19], out var start) ? start : null;

    /// <summary>Whether the process was started with the variable <paramref name="name"/> set to <paramref name="value"/>.</summary>
    public static bool HasVariable(int pid, string name, string value)
    {
        if (ReadSmall($"/proc/{pid}/environ") is not { } bytes)
        {
            return false;
        }

        var wanted = Encoding.UTF8.GetBytes($"{name}={value}\0");
        var at = bytes.AsSpan().IndexOf(wanted);
        return at == 0 || (at > 0 && bytes[at - 1] == 0);
    }

    // "PID (NAME) STATE PPID PGRP SESSION ...": the name may hold spaces and parentheses, so begin behind its last one.
    private static string[] Fields(int pid)
    {
        var text = ReadSmall($"/proc/{pid}/stat") is { } bytes ? Encoding.UTF8.GetString(bytes) : "";
        var end = text.LastIndexOf(')');
        return end < 0 ? [] : text[(end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
    }

    private static byte[]? ReadSmall(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
