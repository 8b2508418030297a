using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Banyan.Proxy.Admin;

/// <summary>Sends one response in pieces, so that a large page needs no large buffer. The connection closes after it.</summary>
/// <remarks>Chunked for HTTP/1.1 clients, until close for older ones.</remarks>
internal sealed class ResponseWriter : IBufferWriter<byte>, IDisposable
{
    private const int BufferSize = 32 * 1024;

    // "XXXXXXXX\r\n" before and "\r\n" after the data of a chunk.
    private const int ChunkHead = 10;
    private const int ChunkTail = 2;

    private readonly Socket _socket;
    private readonly bool _chunked;
    private readonly bool _withBody;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _filled = ChunkHead;
    private bool _headSent;

    public ResponseWriter(Socket socket, bool isHttp11, bool withBody)
    {
        _socket = socket;
        _chunked = isHttp11 && withBody;
        _withBody = withBody;
    }

    /// <summary>Sends the head. Must come first.</summary>
    public void Begin(int status, string contentType, string moreFields = "")
    {
        _headSent = true;
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {status} {Reason(status)}\r\ncontent-type: {contentType}\r\ncache-control: no-store\r\nconnection: close\r\n{moreFields}");
        SendAll(Encoding.ASCII.GetBytes(head + (_chunked ? "transfer-encoding: chunked\r\n\r\n" : "\r\n")));
    }

    /// <summary>A whole response of one text.</summary>
    public void Text(int status, string text, string moreFields = "")
    {
        Begin(status, "text/plain; charset=utf-8", moreFields);
        this.Write(Encoding.UTF8.GetBytes(text));
        End();
    }

    /// <summary>Sends what is left and the end mark.</summary>
    public void End()
    {
        Flush();
        if (_chunked)
        {
            SendAll("0\r\n\r\n"u8);
        }
    }

    /// <summary>Whether a head was sent: after it an error can only be shown by closing.</summary>
    public bool HeadSent => _headSent;

    public void Advance(int count) => _filled += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_filled, _buffer.Length - ChunkTail - _filled);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private static string Reason(int status) => status switch
    {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Status",
    };

    private void MakeRoom(int sizeHint)
    {
        var needed = Math.Max(sizeHint, 1);
        if (_buffer.Length - ChunkTail - _filled >= needed)
        {
            return;
        }

        Flush();
        if (_buffer.Length - ChunkTail - _filled < needed)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(ChunkHead + needed + ChunkTail);
        }
    }

    private void Flush()
    {
        var length = _filled - ChunkHead;
        _filled = ChunkHead;
        if (length == 0 || !_withBody)
        {
            return;
        }

        if (!_chunked)
        {
            SendAll(_buffer.AsSpan(ChunkHead, length));
            return;
        }

        length.TryFormat(_buffer.AsSpan(0, ChunkHead - 2), out _, "X8", CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(_buffer.AsSpan(ChunkHead - 2));
        "\r\n"u8.CopyTo(_buffer.AsSpan(ChunkHead + length));
        SendAll(_buffer.AsSpan(0, ChunkHead + length + ChunkTail));
    }

    private void SendAll(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[_socket.Send(bytes)..];
        }
    }
}
