using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Banyan.Rules.Authorization;

/// <summary>A range of addresses in CIDR form (RFC 4632, RFC 4291 §2.3). An IPv4 address in IPv6 form is the IPv4 one.</summary>
public sealed class Network
{
    private const int MappedPrefix = 12;

    private readonly byte[] _address;
    private readonly int _bits;

    private Network(byte[] address, int bits) => (_address, _bits) = (address, bits);

    /// <summary>Makes one of an address and the number of its bits that count.</summary>
    /// <param name="address">IPv4 or IPv6, no host name, no zone.</param>
    /// <param name="bits">0-32 or 0-128.</param>
    /// <param name="network">The result.</param>
    /// <param name="problem">What is wrong, or empty.</param>
    public static bool TryCreate(string address, long bits, [NotNullWhen(true)] out Network? network, out string problem)
    {
        network = null;
        if (!IPAddress.TryParse(address, out var parsed) || address.Contains('%', StringComparison.Ordinal)
            || (parsed.AddressFamily == AddressFamily.InterNetwork && address.Count('.') != 3))
        {
            problem = $"'{address}' is not an IP address";
            return false;
        }

        var bytes = parsed.GetAddressBytes();
        if (bits < 0 || bits > bytes.Length * 8)
        {
            problem = $"{bits} bits of {address}: 0 to {bytes.Length * 8}";
            return false;
        }

        if (parsed.IsIPv4MappedToIPv6 && bits >= MappedPrefix * 8)
        {
            (bytes, bits) = (bytes[MappedPrefix..], bits - (MappedPrefix * 8));
        }

        problem = "";
        network = new Network(bytes, (int)bits);
        return true;
    }

    /// <summary>Whether the address, 4 or 16 bytes in network order, belongs to it; one that nobody knows does not.</summary>
    public bool Contains(ReadOnlySpan<byte> address)
    {
        if (address.Length == 16 && IsMapped(address) && _address.Length == 4)
        {
            address = address[MappedPrefix..];
        }

        if (address.Length != _address.Length)
        {
            return false;
        }

        var whole = _bits / 8;
        var rest = _bits % 8;
        return address[..whole].SequenceEqual(_address.AsSpan(0, whole))
            && (rest == 0 || ((address[whole] ^ _address[whole]) >> (8 - rest)) == 0);
    }

    private static bool IsMapped(ReadOnlySpan<byte> address) =>
        !address[..10].ContainsAnyExcept((byte)0) && address[10] == 0xff && address[11] == 0xff;
}
