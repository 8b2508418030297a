using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Banyan.Tests.Bench;

/// <summary>A client that sends exactly these frames of HTTP/2.</summary>
internal sealed class RawFrames : IAsyncDisposable
{
    private const int HeadBytes = 9, Data = 0, Settings = 4;

    private readonly TcpClient _client = new();
    private NetworkStream _stream = null!;

    /// <summary>Connects and sends the preface with empty SETTINGS.</summary>
    public static async Task<RawFrames> ConnectAsync(int port)
    {
        var frames = new RawFrames();
        await frames._client.ConnectAsync(IPAddress.Loopback, port);
        frames._stream = frames._client.GetStream();
        await frames._stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        await frames.SendAsync(Settings, flags: 0, stream: 0, []);
        return frames;
    }

    public async Task SendAsync(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[HeadBytes + payload.Length];
        frame[2] = (byte)payload.Length;
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, HeadBytes);
        await _stream.WriteAsync(frame);
    }

    /// <summary>Frames of DATA that come before the first of the other type.</summary>
    public async Task<int> CountAnswersAsync(byte until)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var head = new byte[HeadBytes];
        for (var answers = 0; ;)
        {
            await _stream.ReadExactlyAsync(head, deadline.Token);
            await _stream.ReadExactlyAsync(new byte[BinaryPrimitives.ReadInt32BigEndian(head) >>> 8], deadline.Token);
            if (head[3] == until)
            {
                return answers;
            }

            answers += head[3] == Data ? 1 : 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _client.Dispose();
    }
}
