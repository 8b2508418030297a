using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Banyan.Cli.Up.Processes;

/// <summary>Reads a child's output line by line on a small thread of its own: pipes cannot be polled by the class library.</summary>
internal static class LinePump
{
    private const int LongestLine = 16 * 1024;

    /// <summary>Reads until every writer has closed; the handle is closed with it.</summary>
    public static void Start(SafeFileHandle output, string name, Action<string> onLine)
    {
        var thread = new Thread(() => Run(output, onLine), maxStackSize: 256 * 1024)
        {
            IsBackground = true,
            Name = $"output of {name}",
        };
        thread.Start();
    }

    private static void Run(SafeFileHandle output, Action<string> onLine)
    {
        var buffer = new byte[LongestLine];
        var length = 0;
        using (output)
        using (var stream = new FileStream(output, FileAccess.Read, bufferSize: 0))
        {
            while (TryRead(stream, buffer.AsSpan(length)) is var read and > 0)
            {
                length += read;
                length = Emit(buffer, length, onLine);
            }
        }

        if (length > 0)
        {
            onLine(Encoding.UTF8.GetString(buffer, 0, length));
        }
    }

    private static int Emit(byte[] buffer, int length, Action<string> onLine)
    {
        var rest = buffer.AsSpan(0, length);
        for (var end = rest.IndexOf((byte)'\n'); end >= 0; end = rest.IndexOf((byte)'\n'))
        {
            onLine(Encoding.UTF8.GetString(rest[..end].TrimEnd((byte)'\r')));
            rest = rest[(end + 1)..];
        }

        if (rest.Length == buffer.Length)
        {
            // Longer than any line that somebody reads: broken where it is, so that memory stays bounded.
            onLine(Encoding.UTF8.GetString(rest));
            return 0;
        }

        rest.CopyTo(buffer);
        return rest.Length;
    }

    private static int TryRead(FileStream stream, Span<byte> buffer)
    {
        try
        {
            return stream.Read(buffer);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
