using System.Net;
using System.Net.Sockets;
using Banyan.Proxy;
using Banyan.Proxy.Forward;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Testing;
using Banyan.Wire.Http2;
using Xunit;

namespace Banyan.Tests.Proxy.Http2;

/// <summary>A client that waits for an answer notices a peer that is gone without a word (RFC 9113 §6.7).</summary>
public sealed class KeepAliveTests : IDisposable
{
    private const int KeepAliveMs = 200;

    private readonly ReactorContext _context = new(0, new long[Counters.Count]);
    private readonly TcpListener _listener = new(IPAddress.Loopback, FreePorts.Next());
    private readonly TaskCompletionSource<bool> _reset = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public KeepAliveTests()
    {
        _listener.Start();
        new Thread(_context.Loop.Run) { IsBackground = true }.Start();
    }

    public void Dispose()
    {
        _context.Loop.Stop();
        _listener.Dispose();
    }

    [Fact]
    public async Task ASilentPeerIsAskedAndGivenUp()
    {
        _context.Loop.Post(() => Call().Forget());
        using var peer = await _listener.AcceptTcpClientAsync();
        var stream = peer.GetStream();
        var ping = await PingAsync(stream);
        Assert.Equal((0, 8), (ping.StreamId, ping.Length));

        Assert.True(await Eventually.WithinAsync(_reset.Task, "the stream ends"));
    }

    [Fact]
    public async Task APeerThatAnswersIsAskedAgainLater()
    {
        _context.Loop.Post(() => Call().Forget());
        using var peer = await _listener.AcceptTcpClientAsync();
        var stream = peer.GetStream();
        for (var i = 0; i < 4; i++)
        {
            await PingAsync(stream);
            Assert.False(_reset.Task.IsCompleted);
            await stream.WriteAsync(Frame(FrameType.Ping, FrameFlags.Ack, 0, new byte[8]));
        }

        // The end of the connection, not its silence.
        peer.Close();
        Assert.True(await Eventually.WithinAsync(_reset.Task, "the stream ends"));
    }

    private async ReactorTask Call()
    {
        var address = SockAddr.From((IPEndPoint)_listener.LocalEndpoint);
        var sock = Connector.Begin(_context, address, out _)!;
        await sock.Writable(long.MaxValue);
        var client = Http2Client.Start(_context, sock, static _ => { }, sock.Close, KeepAliveMs);
        var call = client.Open();
        client.SendHead(call, "GET / HTTP/1.1\r\nhost: a\r\n\r\n"u8, end: true, request: true);
        while (!call.IsReset)
        {
            await call.Readable(long.MaxValue);
        }

        client.CloseStream(call, ErrorCode.Cancel);
        _reset.SetResult(true);
    }

    /// <summary>Plays the server's part up to the next PING.</summary>
    private static async Task<FrameHeader> PingAsync(NetworkStream stream)
    {
        var bytes = new byte[FrameHeader.Size];
        while (true)
        {
            await stream.ReadExactlyAsync(bytes);
            if (bytes.AsSpan().SequenceEqual(Preface.Bytes[..FrameHeader.Size]))
            {
                await stream.ReadExactlyAsync(new byte[Preface.Bytes.Length - FrameHeader.Size]);
                await stream.WriteAsync(Frame(FrameType.Settings, FrameFlags.None, 0, []));
                continue;
            }

            var header = FrameHeader.Read(bytes);
            await stream.ReadExactlyAsync(new byte[header.Length]);
            if (header.Type == FrameType.Ping)
            {
                return header;
            }
        }
    }

    private static byte[] Frame(FrameType type, FrameFlags flags, int id, byte[] payload)
    {
        var frame = new byte[FrameHeader.Size + payload.Length];
        FrameHeader.Write(frame, payload.Length, type, flags, id);
        payload.CopyTo(frame, FrameHeader.Size);
        return frame;
    }
}
