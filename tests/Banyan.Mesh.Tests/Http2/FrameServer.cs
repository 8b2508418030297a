using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Banyan.Wire.Http2;
using static Banyan.Mesh.Tests.Http2.FramePeer;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>An HTTP/2 server that answers each request with the frames it is told to, right or wrong, and remembers how the
/// other side ended streams and connections.</summary>
internal sealed class FrameServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<FramePeer, byte> _open = new();
    private readonly Func<ServerRequest, byte[]> _answer;
    private readonly byte[] _greeting;
    private int _connections;

    /// <param name="answer">What is sent for a request as soon as its head is here.</param>
    /// <param name="greeting">Sent instead of SETTINGS when a connection begins.</param>
    public FrameServer(Func<ServerRequest, byte[]> answer, byte[]? greeting = null)
    {
        _answer = answer;
        _greeting = greeting ?? Frame(FrameType.Settings, FrameFlags.None, 0);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(128);
        _ = AcceptAsync();
    }

    public string Address => _listener.LocalEndPoint!.ToString()!;

    /// <summary>Connections accepted until now.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>What came besides requests, in order, as <c>CONNECTION TYPE STREAM CODE</c>.</summary>
    public ConcurrentQueue<(int Connection, FrameHeader Header, byte[] Payload)> Seen { get; } = new();

    /// <summary>The code of the first GOAWAY, or of a RST_STREAM on one of the streams; null when none came yet.</summary>
    public ErrorCode? EndOf(int connection, bool goAway) =>
        Seen.Where(f => f.Connection == connection && f.Header.Type == (goAway ? FrameType.GoAway : FrameType.RstStream))
            .Select(f => (ErrorCode?)CodeOf(f.Payload.AsSpan(goAway ? 4 : 0))).FirstOrDefault();

    public void Dispose()
    {
        _listener.Dispose();
        foreach (var peer in _open.Keys)
        {
            peer.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var peer = new FramePeer(await _listener.AcceptAsync());
                _open[peer] = 0;
                _ = ServeAsync(peer, Interlocked.Increment(ref _connections));
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(FramePeer peer, int number)
    {
        try
        {
            if (!await peer.ReadPrefaceAsync())
            {
                return;
            }

            await peer.SendAsync(_greeting);
            while (await peer.NextAsync() is var (header, payload))
            {
                switch (header.Type)
                {
                    case FrameType.Settings when (header.Flags & FrameFlags.Ack) == 0:
                        await peer.SendAsync(Frame(FrameType.Settings, FrameFlags.Ack, 0));
                        break;
                    case FrameType.Headers:
                        await peer.SendAsync(_answer(new ServerRequest(peer, number, header.StreamId, peer.DecodeRequest(payload))));
                        break;
                    default:
                        Seen.Enqueue((number, header, payload));
                        break;
                }
            }
        }
        catch (Exception error) when (error is ObjectDisposedException or OperationCanceledException)
        {
            // The test is over.
        }
        finally
        {
            _open.TryRemove(peer, out _);
            peer.Dispose();
        }
    }
}

/// <summary>A request as a <see cref="FrameServer"/> sees it.</summary>
/// <param name="Peer">Where it came from; more can be sent there later.</param>
/// <param name="Connection">Number of the connection, from 1.</param>
/// <param name="Stream">Its stream.</param>
/// <param name="Head">Its head as HTTP/1.1 text.</param>
internal sealed record ServerRequest(FramePeer Peer, int Connection, int Stream, string Head)
{
    public string Path => Head.Split(' ')[1];
}
