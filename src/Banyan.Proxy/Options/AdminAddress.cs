using System.Net;
using System.Text;

namespace Banyan.Proxy.Options;

/// <summary>Where the admin server listens: a unix socket or a loopback address.</summary>
public sealed record AdminAddress
{
    // sockaddr_un.sun_path holds 108 bytes, the last one zero.
    private const int LongestPath = 107;

    private AdminAddress()
    {
    }

    /// <summary>Path of the unix socket; null for TCP.</summary>
    public string? Path { get; private init; }

    /// <summary>Loopback address; null for a unix socket.</summary>
    public IPEndPoint? Tcp { get; private init; }

    /// <summary>A unix socket.</summary>
    public static AdminAddress Unix(string path) => new() { Path = path };

    /// <summary>Reads <c>unix:PATH</c> or <c>IP:PORT</c>; null when fine, else what is wrong with it.</summary>
    public static string? Read(string text, out AdminAddress address)
    {
        address = new AdminAddress();
        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            var path = text["unix:".Length..];
            address = Unix(path);
            if (path.Length == 0)
            {
                return "the path of the unix socket is missing";
            }

            var length = Encoding.UTF8.GetByteCount(path);
            return length > LongestPath
                ? $"the path of a unix socket holds at most {LongestPath} bytes, this one has {length}"
                : null;
        }

        if (!text.Contains(':', StringComparison.Ordinal) || !IPEndPoint.TryParse(text, out var tcp))
        {
            return $"\"{text}\" is neither unix:PATH nor IP:PORT";
        }

        address = new AdminAddress { Tcp = tcp };
        return IPAddress.IsLoopback(tcp.Address) ? null : $"{tcp.Address} is not a loopback address";
    }

    /// <inheritdoc/>
    public override string ToString() => Path is null ? $"{Tcp}" : $"unix:{Path}";
}
