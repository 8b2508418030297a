namespace Banyan.Proxy.Http;

/// <summary>What waiting for more of a client's first bytes came to.</summary>
internal enum PeekOutcome : byte
{
    /// <summary>There are more.</summary>
    Bytes,

    /// <summary>None came in time, or none will: the client has finished, or sent more than is looked at.</summary>
    Silence,

    /// <summary>The connection is over.</summary>
    Gone,
}
