using System.Net;
using System.Net.Sockets;
using Banyan.Cli.Up;
using Xunit;

namespace Banyan.Tests.Cli;

public sealed class PortTests
{
    [Fact]
    public void PortsAreFromTheRangeAndNeverGivenTwice()
    {
        var allocator = new PortAllocator(new Random(3));
        var ports = Enumerable.Range(0, 200).Select(_ => allocator.Take()).ToList();
        Assert.All(ports, port => Assert.InRange(port, PortAllocator.Lowest, PortAllocator.Highest));
        Assert.Equal(ports.Count, ports.Distinct().Count());
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.2")]
    public void APortThatSomebodyHasIsPassedOver(string address)
    {
        var seed = 11;
        var first = new PortAllocator(new Random(seed)).Take();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), first));
        socket.Listen();
        var allocator = new PortAllocator(new Random(seed));
        Assert.NotEqual(first, allocator.Take());
        Assert.False(allocator.TryTake(first));
    }

    [Fact]
    public void WhatIsGivenBackCanBeTakenAgain()
    {
        var allocator = new PortAllocator(new Random(5));
        var port = allocator.Take();
        Assert.False(allocator.TryTake(port));
        allocator.Release(port);
        Assert.True(allocator.TryTake(port));
    }
}
