using System.Buffers.Text;

namespace Banyan.Rules;

/// <summary>Takes an authority apart: <c>host</c>, <c>host:port</c>, <c>[v6]:port</c>.</summary>
internal static class AuthorityText
{
    /// <summary>Length of the host part (with brackets) and the port, or -1 when there is none.</summary>
    public static (int HostLength, int Port) Split(ReadOnlySpan<byte> authority)
    {
        var colon = authority.LastIndexOf((byte)':');
        if (colon < 0
            || authority[colon..].Contains((byte)']')
            || !Utf8Parser.TryParse(authority[(colon + 1)..], out ushort port, out var digits)
            || digits != authority.Length - colon - 1)
        {
            return (authority.Length, -1);
        }

        return (colon, port);
    }
}
