using System.Buffers;
using Banyan.Xds.Grpc;
using Xunit;

namespace Banyan.Tests.Control;

public sealed class GrpcFrameTests
{
    [Fact]
    public void MessagesAreTakenOneByOneHoweverTheBytesAreSplit()
    {
        byte[] bytes = [0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9];
        for (var split = 0; split <= bytes.Length; split++)
        {
            var buffer = Sequence(bytes[..split], bytes[split..]);
            List<byte[]> messages = [];
            while (GrpcFrame.TryRead(ref buffer, out var message) == GrpcFrameStatus.Complete)
            {
                messages.Add(message.ToArray());
            }

            Assert.Equal([[1, 2, 3], [], [9]], messages);
            Assert.True(buffer.IsEmpty);
        }
    }

    [Fact]
    public void APartIsIncomplete()
    {
        byte[] bytes = [0, 0, 0, 1, 0, 7];
        for (var have = 0; have < bytes.Length; have++)
        {
            Assert.Equal(GrpcFrameStatus.Incomplete, GrpcFrame.TryRead(bytes.AsSpan(0, have), out var length));
            Assert.Equal(have < GrpcFrame.PrefixLength ? -1 : 256, length);
        }
    }

    [Fact]
    public void TheLengthIsBounded()
    {
        Assert.Equal(GrpcFrameStatus.Incomplete, GrpcFrame.TryRead([0, 1, 0, 0, 0], out _));
        Assert.Equal(GrpcFrameStatus.TooLong, GrpcFrame.TryRead([0, 1, 0, 0, 1], out _));
        Assert.Equal(GrpcFrameStatus.TooLong, GrpcFrame.TryRead([0, 0xff, 0xff, 0xff, 0xff], out _));
        Assert.Equal(GrpcFrameStatus.TooLong, GrpcFrame.TryRead([0, 0, 0, 0, 9], out _, maxMessageLength: 8));
    }

    [Fact]
    public void FlagsOtherThanZeroAreRefusedAtOnce()
    {
        Assert.Equal(GrpcFrameStatus.Malformed, GrpcFrame.TryRead([2], out _));
        Assert.Equal(GrpcFrameStatus.Compressed, GrpcFrame.TryRead([1, 0, 0, 0, 0], out _));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("50 % of ü\n", "50 %25 of %C3%BC%0A")]
    public void MessagesAreEncodedAndComeBack(string message, string encoded)
    {
        Assert.Equal(encoded, GrpcTrailers.EncodeMessage(message));
        Assert.Equal(message, GrpcTrailers.DecodeMessage(encoded));
    }

    [Fact]
    public void BrokenEscapesStay() => Assert.Equal("a%zz%4", GrpcTrailers.DecodeMessage("a%zz%4"));

    [Theory]
    [InlineData("0", GrpcStatusCode.Ok)]
    [InlineData("14", GrpcStatusCode.Unavailable)]
    [InlineData("17", GrpcStatusCode.Unknown)]
    [InlineData("", GrpcStatusCode.Unknown)]
    [InlineData("-1", GrpcStatusCode.Unknown)]
    public void StatusesAreRead(string text, GrpcStatusCode expected) => Assert.Equal(expected, GrpcTrailers.ParseStatus(text));

    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("application/grpc; x=y", true)]
    [InlineData("application/grpc+json", false)]
    [InlineData("application/grpcish", false)]
    [InlineData("application/json", false)]
    [InlineData(null, false)]
    public void TheContentTypeIsChecked(string? type, bool expected) => Assert.Equal(expected, GrpcTrailers.IsGrpc(type));

    private static ReadOnlySequence<byte> Sequence(byte[] one, byte[] two)
    {
        var first = new Segment(one, null);
        var second = new Segment(two, first);
        return new ReadOnlySequence<byte>(first, 0, second, two.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
