using Banyan.Wire.Http2;
using Xunit;

namespace Banyan.Tests.Wire.Http2;

/// <summary>Nine bytes (RFC 9113 §4.1), and the numbers of the registries.</summary>
public sealed class FrameHeaderTests
{
    [Theory]
    [InlineData("000000040000000000", 0, FrameType.Settings, FrameFlags.None, 0)]
    [InlineData("000000040100000000", 0, FrameType.Settings, FrameFlags.Ack, 0)]
    [InlineData("00000a010500000001", 10, FrameType.Headers, FrameFlags.EndStream | FrameFlags.EndHeaders, 1)]
    [InlineData("ffffff00097fffffff", 0xFFFFFF, FrameType.Data, FrameFlags.EndStream | FrameFlags.Padded, int.MaxValue)]
    [InlineData("01020325aa12345678", 0x010203, (FrameType)0x25, (FrameFlags)0xAA, 0x12345678)]
    public void ReadsAndWrites(string hex, int length, FrameType type, FrameFlags flags, int streamId)
    {
        var bytes = Convert.FromHexString(hex);
        var header = FrameHeader.Read(bytes);
        Assert.Equal((length, type, flags, streamId), (header.Length, header.Type, header.Flags, header.StreamId));
        var written = new byte[FrameHeader.Size];
        FrameHeader.Write(written, length, type, flags, streamId);
        Assert.Equal(bytes, written);
    }

    [Fact]
    public void TheReservedBitIsIgnored() =>
        Assert.Equal(1, FrameHeader.Read([0, 0, 0, 0, 0, 0x80, 0, 0, 1]).StreamId);

    [Fact]
    public void WhatDoesNotFitIsTheCallersMistake()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => FrameHeader.Read(new byte[8]));
        Assert.Throws<ArgumentOutOfRangeException>(() => FrameHeader.Write(new byte[8], 0, FrameType.Data, FrameFlags.None, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => FrameHeader.Write(new byte[9], 1 << 24, FrameType.Data, FrameFlags.None, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => FrameHeader.Write(new byte[9], -1, FrameType.Data, FrameFlags.None, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => FrameHeader.Write(new byte[9], 0, FrameType.Data, FrameFlags.None, -1));
    }

    [Fact]
    public void ThePrefaceIsTwentyFourBytes() =>
        Assert.Equal("505249202a20485454502f322e300d0a0d0a534d0d0a0d0a", Convert.ToHexString(Preface.Bytes), ignoreCase: true);

    [Fact]
    public void NumbersAreThoseOfTheRegistries()
    {
        Assert.Equal(Enumerable.Range(0, 10), Enum.GetValues<FrameType>().Select(t => (int)t));
        Assert.Equal(Enumerable.Range(0, 14), Enum.GetValues<ErrorCode>().Select(c => (int)c));
        Assert.Equal([1, 2, 3, 4, 5, 6, 8], Enum.GetValues<SettingId>().Select(s => (int)s));
        Assert.Equal((7, 9, 11), ((int)ErrorCode.RefusedStream, (int)ErrorCode.CompressionError, (int)ErrorCode.EnhanceYourCalm));
        Assert.Equal((6, 7, 8), ((int)FrameType.Ping, (int)FrameType.GoAway, (int)FrameType.WindowUpdate));
    }
}
