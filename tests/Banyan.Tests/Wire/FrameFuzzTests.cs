using System.Buffers;
using System.Security.Cryptography;
using Banyan.Testing;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Banyan.Tests.Wire;

/// <summary>Bytes from the control plane and from disk: read the same however they come, and never with an exception.</summary>
[Trait("Category", "Fuzz")]
public sealed class FrameFuzzTests(ITestOutputHelper output)
{
    private const int Header = 8 + SHA256.HashSizeInBytes;

    private static readonly byte[] Snapshot = SnapshotFormat.Encode(new SavedResources
    {
        NodeId = "default/caller/0",
        Resources =
        {
            new Resource { Name = "a", Version = "1", Resource_ = Any.Pack(new Cluster { Name = "a" }) },
            new Resource { Name = "b", Version = "2", Resource_ = Any.Pack(new RouteConfiguration { Name = "b" }) },
        },
    });

    [Fact]
    public void GrpcMessagesDoNotDependOnTheSplit() => Fuzz.Bytes(output.WriteLine, GrpcBytes, bytes =>
    {
        var whole = Messages(new ReadOnlySequence<byte>(bytes));
        for (var split = 0; split <= bytes.Length; split++)
        {
            var parts = Messages(Sequence(bytes.AsMemory(0, split), bytes.AsMemory(split)));
            if (parts != whole)
            {
                return $"{whole}, but {parts} split at {split}";
            }
        }

        return null;
    });

    [Fact]
    public void ADamagedSnapshotIsRefused() => Fuzz.Bytes(output.WriteLine, random => Damaged(Snapshot, random, 0), bytes =>
        !bytes.AsSpan().SequenceEqual(Snapshot) && SnapshotFormat.TryDecode(bytes, out _, out _) ? "accepted" : null);

    [Fact]
    public void ASnapshotWithAGoodChecksumNeverThrows() => Fuzz.Bytes(output.WriteLine, random => Damaged(Snapshot, random, Header), bytes =>
    {
        if (bytes.Length < Header)
        {
            return null;
        }

        byte[] signed = [.. Snapshot.AsSpan(0, 8), .. SHA256.HashData(bytes.AsSpan(Header)), .. bytes.AsSpan(Header)];
        try
        {
            return SnapshotFormat.TryDecode(signed, out var resources, out var error) == (error.Length > 0)
                || (resources is not null && !SavedResources.Parser.ParseFrom(resources.ToByteArray()).Equals(resources))
                ? $"neither read nor refused: {error}"
                : null;
        }
        catch (Exception error)
        {
            return error.ToString();
        }
    });

    private static byte[] GrpcBytes(Random random)
    {
        var bytes = new List<byte>();
        for (var count = random.Next(1, 5); count > 0; count--)
        {
            var message = new byte[random.Next(20)];
            random.NextBytes(message);
            bytes.AddRange([(byte)(random.Next(12) == 0 ? random.Next(4) : 0), 0, 0, 0, (byte)message.Length, .. message]);
        }

        return Damaged([.. bytes], random, 0);
    }

    private static byte[] Damaged(byte[] whole, Random random, int from)
    {
        var bytes = whole.ToList();
        for (var change = random.Next(0, 4); change > 0; change--)
        {
            var at = random.Next(from, bytes.Count);
            switch (random.Next(3))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    bytes.RemoveRange(at, random.Next(bytes.Count - at));
                    break;
            }

            if (bytes.Count <= from)
            {
                break;
            }
        }

        return [.. bytes];
    }

    private static string Messages(ReadOnlySequence<byte> buffer)
    {
        var text = "";
        GrpcFrameStatus status;
        while ((status = GrpcFrame.TryRead(ref buffer, out var message)) == GrpcFrameStatus.Complete)
        {
            text += Convert.ToHexString(message.ToArray()) + " ";
        }

        return $"{text}{status}, {buffer.Length} left";
    }

    private static ReadOnlySequence<byte> Sequence(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second)
    {
        var start = new Piece(first, null);
        var end = new Piece(second, start);
        return new ReadOnlySequence<byte>(start, 0, end, second.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
