using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;

namespace Banyan.Bench.Load;

/// <summary>Answers requests of HTTP/1.1: the number at the end of the path is the size of the body.</summary>
internal sealed unsafe class Http1Connection(int fd) : BackendConnection(fd)
{
    private static readonly Dictionary<long, Answer> Answers = [];

    protected override int Take(byte* bytes, int length)
    {
        var at = 0;
        while (at < length)
        {
            var rest = new ReadOnlySpan<byte>(bytes + at, length - at);
            var end = rest.IndexOf("\r\n\r\n"u8);
            if (end < 0)
            {
                break;
            }

            var answer = For(rest[..end]);
            at += end + 4;
            if (!Send(answer.Bytes, answer.Length))
            {
                break;
            }
        }

        return at;
    }

    private static Answer For(ReadOnlySpan<byte> head)
    {
        var target = head[(head.IndexOf((byte)' ') + 1)..];
        target = target[..target.IndexOf((byte)' ')];
        var number = target[(target.LastIndexOf((byte)'/') + 1)..];
        var size = Utf8Parser.TryParse(number, out int parsed, out _) ? parsed : 131;
        if (!Answers.TryGetValue(size, out var answer))
        {
            Answers[size] = answer = Answer.OfSize(size);
        }

        return answer;
    }

    private sealed class Answer(byte* bytes, nint length)
    {
        public byte* Bytes => bytes;

        public nint Length => length;

        public static Answer OfSize(int size)
        {
            var head = Encoding.ASCII.GetBytes(
                $"HTTP/1.1 200 OK\r\nServer: backend\r\nDate: Fri, 21 Nov 2025 10:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\n\r\n");
            var bytes = (byte*)NativeMemory.Alloc((nuint)(head.Length + size));
            head.CopyTo(new Span<byte>(bytes, head.Length));
            new Span<byte>(bytes + head.Length, size).Fill((byte)'b');
            return new Answer(bytes, head.Length + size);
        }
    }
}
