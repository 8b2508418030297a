using System.Text;
using Banyan.Wire.Http1;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>Where the fault stands in a message whose chunked body is malformed.</summary>
internal static class ChunkedText
{
    /// <summary>Offset of the body.</summary>
    public static int BodyStart(string message) => message.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;

    /// <summary>Offset of the first byte with which no chunked body can go on.</summary>
    public static int FaultIn(string message)
    {
        var start = BodyStart(message);
        return start + Judge(message[start..]).Length;
    }

    /// <summary>What the bytes of a body are, and how many were good.</summary>
    public static (ChunkStep Step, int Length) Judge(string body)
    {
        var chunks = default(ChunkedBody);
        var bytes = Encoding.Latin1.GetBytes(body).AsSpan();
        var length = 0;
        while (true)
        {
            var step = chunks.Advance(bytes[length..], out var consumed);
            length += consumed;
            if (step is ChunkStep.End or ChunkStep.Malformed or ChunkStep.NeedMore || length == bytes.Length)
            {
                return (step, length);
            }
        }
    }
}
