using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Google.Protobuf;

namespace Banyan.Xds;

/// <summary>
/// The file format of a proxy's configuration: what it keeps as its last good one, and what <c>banyan compile</c>
/// writes.
/// </summary>
/// <remarks>Eight bytes of magic, the SHA-256 of the rest, then <see cref="SavedResources"/>.</remarks>
public static class SnapshotFormat
{
    /// <summary>Name of the file in a proxy's state folder.</summary>
    public const string FileName = "snapshot.pb";

    private static ReadOnlySpan<byte> Magic => "BANYAN1\n"u8;

    private static int HeaderLength => Magic.Length + SHA256.HashSizeInBytes;

    /// <summary>The file's bytes.</summary>
    public static byte[] Encode(SavedResources resources)
    {
        var size = resources.CalculateSize();
        var file = new byte[HeaderLength + size];
        Magic.CopyTo(file);
        resources.WriteTo(file.AsSpan(HeaderLength));
        SHA256.HashData(file.AsSpan(HeaderLength), file.AsSpan(Magic.Length, SHA256.HashSizeInBytes));
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

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(file[HeaderLength..], hash);
        if (!hash.SequenceEqual(file.Slice(Magic.Length, SHA256.HashSizeInBytes)))
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
        catch (InvalidProtocolBufferException problem)
        {
            error = $"the snapshot cannot be read: {problem.Message}";
            return false;
        }
    }
}
