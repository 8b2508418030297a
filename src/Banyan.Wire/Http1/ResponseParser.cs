namespace Banyan.Wire.Http1;

/// <summary>HTTP/1 response heads (RFC 9112 §4, §5, §6.3). Pure, allocates nothing.</summary>
public static class ResponseParser
{
    /// <summary>Parses the head at the start of <paramref name="bytes"/>; obsolete line folding is overwritten with spaces in place.
    /// 1xx heads are Complete with their status; the caller forwards or drops them and parses on.</summary>
    /// <param name="requestMethod">HEAD and CONNECT change how the body is framed.</param>
    public static ParseStatus Parse(Span<byte> bytes, RequestMethod requestMethod, ResponseHead head) => throw new NotSupportedException();
}
