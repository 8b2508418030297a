namespace Banyan.Wire.Http1;

/// <summary>Limits on a message head. Over them a request is answered 431.</summary>
public static class HeadLimits
{
    /// <summary>Bytes of start line and fields together, final CRLF included.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Field lines.</summary>
    public const int MaxFields = 100;
}
