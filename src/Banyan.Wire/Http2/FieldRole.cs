namespace Banyan.Wire.Http2;

/// <summary>What a field means to whoever turns a field block into text.</summary>
internal enum FieldRole : byte
{
    /// <summary>Passed on as it is.</summary>
    Plain,

    /// <summary>Passed on, but not in trailers (RFC 9110 §6.5.1).</summary>
    HeadOnly,
    Cookie,
    Host,
    Te,

    /// <summary>Never allowed: no token in lower case, connection-specific, unknown with a colon, or with a value that
    /// the field cannot have (RFC 9113 §8.2, §8.3).</summary>
    Refused,

    /// <summary>The first of the pseudo-header fields; all that follow are such.</summary>
    Method,
    Scheme,
    Authority,
    Path,
    Protocol,
    Status,
}
