namespace Banyan.Wire.Http1;

/// <summary>A parsed response head: offsets into the received bytes and what they mean. Reusable; not thread-safe.</summary>
public sealed class ResponseHead : MessageHead
{
    public int StatusCode;
    public int ReasonStart;
    public int ReasonLength;

    /// <summary>The connection cannot be used again after this response.</summary>
    public bool Close;

    /// <summary>Keep-Alive: timeout=N in seconds, or -1.</summary>
    public int KeepAliveTimeout;

    /// <summary>Transfer-Encoding names codings besides chunked: the body is coded, and the field must go with it.</summary>
    public bool OtherCodings;
}
