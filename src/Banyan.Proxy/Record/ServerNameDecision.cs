namespace Banyan.Proxy.Record;

/// <summary>What became of a connection whose destination has routes by server name.</summary>
internal enum ServerNameDecision : byte
{
    /// <summary>A route has that name.</summary>
    Exact,

    /// <summary>A route has a wildcard for it.</summary>
    Wildcard,

    /// <summary>A route takes every name.</summary>
    Any,

    /// <summary>No route has the name: refused.</summary>
    Unmatched,

    /// <summary>The client named no server and no route takes that: refused.</summary>
    Absent,

    /// <summary>The ClientHello breaks the rules: refused.</summary>
    Malformed,

    /// <summary>The ClientHello was not complete in time: refused.</summary>
    Late,

    /// <summary>Something else than TLS: refused where the port declares TLS.</summary>
    NotTls,
}
