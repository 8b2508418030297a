namespace Banyan.Wire.Http2;

/// <summary>What the encoder does with a field.</summary>
internal enum FieldPolicy : byte
{
    /// <summary>Goes into the table when its name is not there, or when the same value came shortly before.</summary>
    Index,

    /// <summary>Changes with each message: goes into the table only for its name.</summary>
    Volatile,

    /// <summary>A secret that could be guessed through the table (RFC 7541 §7.1.3): never indexed, here and at every
    /// later hop.</summary>
    Secret,

    /// <summary>A secret when it is short, else <see cref="Index"/>.</summary>
    Cookie,

    /// <summary>Passed on when it says "trailers" and nothing else.</summary>
    Te,

    /// <summary>Means something to the HTTP/1 connection only, or is said by a pseudo-header field.</summary>
    Drop,

    /// <summary>Left out of an extended CONNECT (RFC 8441 §5), else <see cref="Index"/>.</summary>
    Handshake,
}
