using System.Net.Sockets;
using System.Security.Cryptography;
using Banyan.Testing;

namespace Banyan.Tests.Proxy.Tcp;

/// <summary>Streams too large to keep: made from a seed, sent and received in pieces, told apart by their hash.</summary>
internal static class BulkData
{
    /// <summary>Sends until cancelled or the connection breaks.</summary>
    public static async Task FloodAsync(RawConnection connection, SentSoFar sent, CancellationToken cancel)
    {
        var piece = new byte[64 * 1024];
        while (!cancel.IsCancellationRequested)
        {
            await connection.SendAsync(piece);
            sent.Add(piece.Length);
        }
    }

    /// <summary>Sends so many bytes and finishes; their hash.</summary>
    public static async Task<string> SendAsync(Socket socket, int seed, long total, SentSoFar sent)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var random = new Random(seed);
        var piece = new byte[256 * 1024];
        for (var left = total; left > 0;)
        {
            var bytes = piece.AsMemory(0, (int)Math.Min(left, random.Next(1, piece.Length)));
            random.NextBytes(bytes.Span);
            hash.AppendData(bytes.Span);
            left -= bytes.Length;
            while (bytes.Length > 0)
            {
                var n = await socket.SendAsync(bytes);
                bytes = bytes[n..];
                sent.Add(n);
            }
        }

        socket.Shutdown(SocketShutdown.Send);
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    /// <summary>Receives to the end in pieces of changing size; the number of bytes and their hash.</summary>
    public static async Task<(long Total, string Hash)> ReceiveAsync(Socket socket, int seed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var random = new Random(seed);
        var piece = new byte[128 * 1024];
        var total = 0L;
        int n;
        while ((n = await socket.ReceiveAsync(piece.AsMemory(0, random.Next(1, piece.Length)))) > 0)
        {
            hash.AppendData(piece.AsSpan(0, n));
            total += n;
        }

        return (total, Convert.ToHexString(hash.GetHashAndReset()));
    }
}

/// <summary>How far a sender has come. Thread-safe.</summary>
internal sealed class SentSoFar
{
    private long _bytes;

    public long Bytes => Volatile.Read(ref _bytes);

    public void Add(int bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>Waits until nothing more was taken for a while: everything between sender and reader is full.</summary>
    public async Task StuckAsync()
    {
        var last = -1L;
        var same = 0;
        await Eventually.TrueAsync(
            () =>
            {
                var now = Bytes;
                same = now == last && now > 0 ? same + 1 : 0;
                last = now;
                return same >= 20;
            },
            "the sender is stuck");
    }
}
