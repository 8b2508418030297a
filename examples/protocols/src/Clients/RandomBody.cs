using System.Net;
using System.Security.Cryptography;

namespace Banyan.Examples.Protocols.Clients;

/// <summary>Random bytes that are sent in pieces, without a length.</summary>
internal sealed class RandomBody : HttpContent
{
    /// <summary>Name of the field, or trailer field, with the SHA-256 of a body.</summary>
    public const string ChecksumField = "x-sha256";

    private const int PieceLength = 10_000;

    private readonly byte[] _bytes = RandomNumberGenerator.GetBytes(RandomNumberGenerator.GetInt32(1, 100_000));

    /// <summary>The SHA-256 in lower hexadecimal.</summary>
    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(_bytes));

    /// <summary>The bytes, piece by piece.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Pieces()
    {
        for (var at = 0; at < _bytes.Length; at += PieceLength)
        {
            yield return _bytes.AsMemory(at, Math.Min(PieceLength, _bytes.Length - at));
        }
    }

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        foreach (var piece in Pieces())
        {
            await stream.WriteAsync(piece);
            await stream.FlushAsync();
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = _bytes.Length;
        return Setting.Without("chunks");
    }
}
