using System.Net;
using System.Net.Sockets;
using System.Text;
using Banyan.Proxy.Reactor;
using Xunit;

namespace Banyan.Tests.Proxy;

/// <summary>Connections that never leave the host keep no books on congestion.</summary>
public sealed class LoopbackSocketTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.9.8.7", true)]
    [InlineData("::1", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.127.0.1", false)]
    [InlineData("::", false)]
    [InlineData("100::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    public void LoopbackIsToldFromTheRest(string address, bool isLoopback) =>
        Assert.Equal(isLoopback, SockAddr.From(new IPEndPoint(IPAddress.Parse(address), 80)).IsLoopback);

    [Fact]
    public void WhatAListenerOfLoopbackAcceptsHasTheSimplestAlgorithm()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Libc.SetLoopbackCongestion((int)listener.Handle, SockAddr.From((IPEndPoint)listener.LocalEndPoint!));
        listener.Listen();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        using var accepted = listener.Accept();
        Assert.Equal("reno", Algorithm(accepted));
    }

    [Fact]
    public void ElsewhereTheKernelDecides()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var before = Algorithm(socket);
        Libc.SetLoopbackCongestion((int)socket.Handle, SockAddr.From(new IPEndPoint(IPAddress.Parse("10.0.0.1"), 80)));
        Assert.Equal(before, Algorithm(socket));
    }

    private static string Algorithm(Socket socket)
    {
        var name = new byte[16];
        var length = socket.GetRawSocketOption(Libc.IPPROTO_TCP, Libc.TCP_CONGESTION, name);
        return Encoding.ASCII.GetString(name, 0, length).TrimEnd('\0');
    }
}
