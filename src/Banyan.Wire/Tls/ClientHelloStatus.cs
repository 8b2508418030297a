namespace Banyan.Wire.Tls;

/// <summary>What <see cref="ClientHello.Read"/> found.</summary>
public enum ClientHelloStatus : byte
{
    /// <summary>A good beginning: more bytes are needed.</summary>
    Incomplete,

    /// <summary>Something that is not TLS, or TLS that does not begin with a ClientHello.</summary>
    NotTls,

    /// <summary>TLS that breaks the rules, or is longer than is read.</summary>
    Malformed,

    /// <summary>All that was asked for is known.</summary>
    Complete,
}
