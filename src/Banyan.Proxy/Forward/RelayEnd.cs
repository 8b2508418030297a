namespace Banyan.Proxy.Forward;

/// <summary>How the relay of a body ended.</summary>
internal enum RelayEnd : byte
{
    /// <summary>Everything was sent, the end included.</summary>
    Done,

    /// <summary>The sender went away before the end.</summary>
    SourceBroken,

    /// <summary>What the sender sent is not a body.</summary>
    Malformed,

    /// <summary>The receiver takes no more.</summary>
    SinkBroken,

    /// <summary>No byte moved for too long.</summary>
    Idle,

    /// <summary>The request's time is up.</summary>
    Late,

    /// <summary>The exchange was ended from the side.</summary>
    Stopped,
}
