using System.Buffers.Text;
using System.Text;

namespace Banyan.Proxy.Match;

/// <summary>What a host name may mean.</summary>
internal enum NameKind : byte
{
    /// <summary><c>S</c> or a <c>.svc</c> form: of the mesh or nothing.</summary>
    MeshOnly,

    /// <summary><c>S.NS</c>: of the mesh, or a name of the outside world.</summary>
    Either,

    /// <summary>An address, or a name with more labels.</summary>
    External,

    /// <summary>Not a host and port.</summary>
    Invalid,
}

/// <summary>Reads an authority as a mesh name: <c>S</c>, <c>S.NS</c>, <c>S.NS.svc</c>, <c>S.NS.svc.cluster.local</c>, each with an optional port.</summary>
internal static class MeshName
{
    /// <summary>Longest authority that is looked at: a DNS name and a port.</summary>
    internal const int MaxLength = 253 + 6;

    /// <summary>Writes <c>S.NS:PORT</c>, the name of the destination's listener in xDS.</summary>
    internal static NameKind Parse(
        ReadOnlySpan<byte> authority,
        string callerNamespace,
        int defaultPort,
        Span<char> name,
        out int length)
    {
        length = 0;
        if (!Split(authority, defaultPort, out var host, out var port))
        {
            return NameKind.Invalid;
        }

        if (host.Length == 0 || host.Length > MaxLength || host[0] == '[' || IsIPv4(host))
        {
            return NameKind.External;
        }

        var first = host.IndexOf((byte)'.');
        if (first < 0)
        {
            length = Write(host, callerNamespace, port, name);
            return NameKind.MeshOnly;
        }

        var rest = host[(first + 1)..];
        var second = rest.IndexOf((byte)'.');
        var svc = second < 0 ? default : rest[(second + 1)..];
        if (second < 0)
        {
            length = Write(host[..first], rest, port, name);
            return NameKind.Either;
        }

        if (Ascii.EqualsIgnoreCase(svc, "svc"u8) || Ascii.EqualsIgnoreCase(svc, "svc.cluster.local"u8))
        {
            length = Write(host[..first], rest[..second], port, name);
            return NameKind.MeshOnly;
        }

        return NameKind.External;
    }

    /// <summary>Host and port of an authority; a trailing dot of the name is dropped.</summary>
    internal static bool Split(ReadOnlySpan<byte> authority, int defaultPort, out ReadOnlySpan<byte> host, out int port)
    {
        port = defaultPort;
        host = authority;
        var colon = authority.LastIndexOf((byte)':');
        if (colon >= 0 && authority[^1] != ']')
        {
            host = authority[..colon];
            var digits = authority[(colon + 1)..];
            if (digits.Length > 0
                && (!Utf8Parser.TryParse(digits, out port, out var used) || used != digits.Length || port is < 1 or > 65535))
            {
                return false;
            }
        }

        if (host.Length > 1 && host[^1] == '.')
        {
            host = host[..^1];
        }

        return host.Length > 0;
    }

    private static bool IsIPv4(ReadOnlySpan<byte> host) => !host.ContainsAnyExcept("0123456789."u8);

    private static int Write(ReadOnlySpan<byte> service, ReadOnlySpan<byte> space, int port, Span<char> name)
    {
        var length = Lower(service, name);
        name[length++] = '.';
        length += Lower(space, name[length..]);
        return WritePort(port, name, length);
    }

    private static int Write(ReadOnlySpan<byte> service, string space, int port, Span<char> name)
    {
        var length = Lower(service, name);
        name[length++] = '.';
        space.CopyTo(name[length..]);
        return WritePort(port, name, length + space.Length);
    }

    private static int WritePort(int port, Span<char> name, int length)
    {
        name[length++] = ':';
        port.TryFormat(name[length..], out var digits);
        return length + digits;
    }

    private static int Lower(ReadOnlySpan<byte> text, Span<char> output)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            output[i] = (char)(c is >= (byte)'A' and <= (byte)'Z' ? c | 0x20 : c);
        }

        return text.Length;
    }
}
