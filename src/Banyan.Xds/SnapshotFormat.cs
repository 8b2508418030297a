using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using Google.Protobuf;

namespace Banyan.Xds;

/// <summary>
/// The file format of a proxy's configuration: what it keeps as its last good one, and what <c>banyan compile</c>
/// writes.
/// </summary>
/// <remarks>
/// Eight bytes of magic, the CRC-32C of the rest (RFC 3720 §12.1, little-endian), then <see cref="SavedResources"/>.
/// The sum finds damage; who may write the file decides what is trusted. A cryptographic one would load OpenSSL,
/// 3.5 MB, for nothing else.
/// </remarks>
public static class SnapshotFormat
{
    /// <summary>Name of the file in a proxy's state folder.</summary>
    public const string FileName = "snapshot.pb";

    private static ReadOnlySpan<byte> Magic => "BANYAN2\n"u8;

    private static int HeaderLength => Magic.Length + sizeof(uint);

    /// <summary>The file's bytes.</summary>
    public static byte[] Encode(SavedResources resources)
    {
        var size = resources.CalculateSize();
        var file = new byte[HeaderLength + size];
        Magic.CopyTo(file);
        resources.WriteTo(file.AsSpan(HeaderLength));
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(Magic.Length), Checksum(file.AsSpan(HeaderLength)));
        return file;
    }

    /// <summary>Reads a file's bytes, or says what is wrong with them.</summary>
    public static bool TryDecode(
        ReadOnlySpan<byte> file, [NotNullWhen(true)] out SavedResources? resources, out string error)
    {
        resources = null;
        if (!file.StartsWith(Magic))
        {
            error = "this is not a Banyan snapshot";
            return false;
        }

        if (file.Length < HeaderLength)
        {
            error = "the snapshot is cut short";
            return false;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(file[Magic.Length..]) != Checksum(file[HeaderLength..]))
        {
            error = "the snapshot is damaged: its checksum does not fit";
            return false;
        }

        try
        {
            resources = SavedResources.Parser.ParseFrom(file[HeaderLength..]);
            error = "";
            return true;
        }
        catch (Exception problem) when (Unreadable.Is(problem))
        {
            error = $"the snapshot cannot be read: {problem.Message}";
            return false;
        }
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (var b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
