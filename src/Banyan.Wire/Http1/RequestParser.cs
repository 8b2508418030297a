namespace Banyan.Wire.Http1;

/// <summary>Strict HTTP/1 request heads (RFC 9112 §3, §5, §6). Pure, allocates nothing.</summary>
public static class RequestParser
{
    /// <summary>Parses the head at the start of <paramref name="bytes"/>. On Incomplete call again with the same head
    /// and a longer input that starts with the same bytes.</summary>
    public static ParseStatus Parse(ReadOnlySpan<byte> bytes, RequestHead head) => throw new NotSupportedException();
}
