namespace Banyan.Rules;

/// <summary>The two digits after a percent sign (RFC 3986 §2.1).</summary>
internal static class PercentEncoding
{
    public static bool TryDecode(byte high, byte low, out byte value)
    {
        value = 0;
        if (!char.IsAsciiHexDigit((char)high) || !char.IsAsciiHexDigit((char)low))
        {
            return false;
        }

        value = (byte)((HexValue(high) << 4) | HexValue(low));
        return true;
    }

    public static byte UpperHex(byte digit) => digit >= (byte)'a' ? (byte)(digit - 0x20) : digit;

    private static int HexValue(byte digit) => digit <= (byte)'9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
