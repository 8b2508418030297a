using Banyan.Proxy.Xds;
using Banyan.Xds.Grpc;
using Xunit;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>Messages come out the same however the stream is cut.</summary>
public sealed class MessageAssemblerTests
{
    [Fact]
    public void AnyCutGivesTheSameMessages()
    {
        byte[][] messages = [[], [1, 2, 3], new byte[300], [9]];
        byte[] stream = [.. messages.SelectMany(Framed)];
        for (var first = 0; first <= stream.Length; first++)
        {
            for (var second = first; second <= stream.Length; second += 7)
            {
                var assembler = new MessageAssembler();
                List<byte[]> taken = [];
                Feed(assembler, stream[..first], taken);
                Feed(assembler, stream[first..second], taken);
                Feed(assembler, stream[second..], taken);
                Assert.Equal(messages, taken);
                Assert.True(assembler.IsBetweenMessages);
            }
        }
    }

    [Theory]
    [InlineData("0100000000", GrpcFrameStatus.Compressed)]
    [InlineData("0700000000", GrpcFrameStatus.Malformed)]
    [InlineData("00ffffffff", GrpcFrameStatus.TooLong)]
    public void WhatIsNoMessageIsTold(string hex, GrpcFrameStatus status)
    {
        var assembler = new MessageAssembler();
        foreach (var one in Convert.FromHexString(hex)[..^1])
        {
            ReadOnlySpan<byte> bytes = [one];
            assembler.Take(ref bytes, out _);
        }

        ReadOnlySpan<byte> last = [Convert.FromHexString(hex)[^1]];
        Assert.Equal(status, assembler.Take(ref last, out var message));
        Assert.Null(message);
    }

    [Fact]
    public void AnUnfinishedMessageIsKnown()
    {
        for (var cut = 1; cut < 8; cut++)
        {
            var assembler = new MessageAssembler();
            Feed(assembler, Framed([1, 2, 3])[..cut], []);
            Assert.False(assembler.IsBetweenMessages);
        }
    }

    private static byte[] Framed(byte[] message)
    {
        var frame = new byte[GrpcFrame.PrefixLength + message.Length];
        GrpcFrame.WritePrefix(frame, message.Length);
        message.CopyTo(frame, GrpcFrame.PrefixLength);
        return frame;
    }

    private static void Feed(MessageAssembler assembler, ReadOnlySpan<byte> bytes, List<byte[]> taken)
    {
        while (assembler.Take(ref bytes, out var message) == GrpcFrameStatus.Complete)
        {
            taken.Add(message!);
        }

        Assert.True(bytes.IsEmpty);
    }
}
