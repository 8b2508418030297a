namespace Banyan.Proxy.Http;

/// <summary>Stage "detect": what the first bytes of a tunnel are. Peeks, consumes nothing.</summary>
internal static class Detect
{
    private const int LongestMethod = 24;

    /// <summary>True: an HTTP/1 request line begins here. False: something else. Null: more bytes are needed.</summary>
    /// <remarks>Biased to "something else": a tunnel relayed unread always works.</remarks>
    internal static bool? Http1(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            var c = bytes[i];
            if (c == ' ')
            {
                // "PRI * HTTP/2.0" is the preface of HTTP/2 (RFC 9113 §3.4).
                return i > 0 && !bytes.StartsWith("PRI "u8);
            }

            if (i >= LongestMethod || !(char.IsAsciiLetterUpper((char)c) || c is (byte)'-' or (byte)'_'))
            {
                return false;
            }
        }

        return null;
    }
}
