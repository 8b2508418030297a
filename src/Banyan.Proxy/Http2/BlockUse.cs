namespace Banyan.Proxy.Http2;

/// <summary>What a field block on a stream is.</summary>
internal enum BlockUse : byte
{
    /// <summary>A request or response head.</summary>
    Head,

    /// <summary>A trailer section.</summary>
    Trailers,

    /// <summary>Decoded so that the tables stay in step, and dropped.</summary>
    Ignored,

    /// <summary>The connection ends.</summary>
    Error,
}
