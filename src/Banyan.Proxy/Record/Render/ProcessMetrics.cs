using System.Globalization;
using Banyan.Proxy.Options;

namespace Banyan.Proxy.Record.Render;

/// <summary>The process as every Prometheus client reports it.</summary>
internal static class ProcessMetrics
{
    public static void Write(ExpositionWriter writer, DateTimeOffset started)
    {
        writer.Single(
            "process_cpu_seconds", "counter", "User and system time of the process.", Environment.CpuUsage.TotalTime.TotalSeconds);
        writer.Single("process_resident_memory_bytes", "gauge", "Resident memory.", Environment.WorkingSet);
        if (VirtualMemory() is { } bytes)
        {
            writer.Single("process_virtual_memory_bytes", "gauge", "Virtual memory.", bytes);
        }

        if (OpenDescriptors() is { } descriptors)
        {
            writer.Single("process_open_fds", "gauge", "Open file descriptors.", descriptors);
        }

        writer.Single(
            "process_start_time_seconds",
            "gauge",
            "Start of the process in seconds since 1970.",
            started.ToUnixTimeMilliseconds() / 1000.0);
        writer.Single("banyan_gc_collections", "counter", "Garbage collections of any generation.", GC.CollectionCount(0));
        writer.Single("banyan_gc_heap_bytes", "gauge", "Managed heap after the last collection.", GC.GetGCMemoryInfo().HeapSizeBytes);
        writer.Single(
            "banyan_build_info", "gauge", "Version of the proxy, always 1.", 1, $"version=\"{ExpositionWriter.Escape(ProductVersion.Text)}\"");
    }

    private static long? VirtualMemory()
    {
        try
        {
            var statm = File.ReadAllText("/proc/self/statm");
            var pages = long.Parse(statm.AsSpan(0, statm.IndexOf(' ', StringComparison.Ordinal)), CultureInfo.InvariantCulture);
            return pages * Environment.SystemPageSize;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }

    private static int? OpenDescriptors()
    {
        try
        {
            // One of them is the listing itself.
            return Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() - 1;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
