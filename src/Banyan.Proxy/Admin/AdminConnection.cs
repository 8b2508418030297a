using System.Net;
using System.Net.Sockets;
using System.Text;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Admin;

/// <summary>Reads one request and answers it. Shared by the admin threads: it holds no state of a connection.</summary>
internal sealed class AdminConnection(AdminPages pages, bool isUnix, TimeProvider time)
{
    private const int MaxHead = 8 * 1024;
    private const int MaxBody = 64 * 1024;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    public void Serve(Socket socket)
    {
        var started = time.GetTimestamp();
        socket.SendTimeout = (int)Deadline.TotalMilliseconds;
        var buffer = new byte[MaxHead];
        var head = new RequestHead();
        head.Reset();
        var filled = 0;
        while (true)
        {
            var status = RequestParser.Parse(buffer.AsSpan(0, filled), head);
            if (status == ParseStatus.Complete)
            {
                break;
            }

            if (status != ParseStatus.Incomplete || filled == buffer.Length)
            {
                using var refusal = new ResponseWriter(socket, isHttp11: true, withBody: true);
                refusal.Text(status == ParseStatus.Malformed ? 400 : 431, "malformed or too large\n");
                return;
            }

            var received = Receive(socket, buffer.AsSpan(filled), started);
            if (received == 0)
            {
                return;
            }

            filled += received;
        }

        using var response = new ResponseWriter(socket, head.Version == Wire.Http1.HttpVersion.Http11, head.Method != RequestMethod.Head);
        if (TakeBody(socket, head, filled, started) is { } refused)
        {
            response.Text(refused, "the body is not accepted\n");
        }
        else if (!isUnix && !IsLoopback(head.Host(buffer)))
        {
            // A web page whose name was made to point here (DNS rebinding) has its own name in Host.
            response.Text(403, "the Host must be a loopback address or localhost\n");
        }
        else
        {
            var path = Encoding.ASCII.GetString(head.PathOnly(buffer));
            pages.Answer(head.Method, path, Accept(head, buffer), isUnix, response);
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    // Without it the kernel answers unread bytes with a reset, which can overtake the response.
    private int? TakeBody(Socket socket, RequestHead head, int filled, long started)
    {
        if (head.Framing == BodyFraming.Chunked)
        {
            return 411;
        }

        if (head.Framing != BodyFraming.Length)
        {
            return null;
        }

        if (head.ContentLength > MaxBody)
        {
            return 413;
        }

        var scratch = new byte[1024];
        for (var left = head.ContentLength - (filled - head.Length); left > 0;)
        {
            var received = Receive(socket, scratch.AsSpan(0, (int)Math.Min(scratch.Length, left)), started);
            if (received == 0)
            {
                return 400;
            }

            left -= received;
        }

        return null;
    }

    private int Receive(Socket socket, Span<byte> buffer, long started)
    {
        var left = Deadline - time.GetElapsedTime(started);
        if (left <= TimeSpan.Zero)
        {
            return 0;
        }

        socket.ReceiveTimeout = (int)Math.Ceiling(left.TotalMilliseconds);
        return socket.Receive(buffer);
    }

    private static bool IsLoopback(ReadOnlySpan<byte> host)
    {
        var text = Encoding.ASCII.GetString(host).Trim('[', ']');
        return text.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(text, out var address) && IPAddress.IsLoopback(address));
    }

    private static string Accept(RequestHead head, byte[] bytes)
    {
        foreach (ref readonly var line in head.Lines)
        {
            if (Ascii.EqualsIgnoreCase(line.Name(bytes), "accept"u8))
            {
                return Encoding.ASCII.GetString(line.Value(bytes));
            }
        }

        return "";
    }
}
