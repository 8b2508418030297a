namespace Banyan.Wire.Http2;

/// <summary>Parameters of a connection (RFC 9113 §6.5.2, RFC 8441 §3). Unknown ones are ignored.</summary>
public enum SettingId : ushort
{
    /// <summary>Bytes that the peer's encoder may use for its table; 4096 at first.</summary>
    HeaderTableSize = 1,

    /// <summary>0 or 1; a client of this mesh always says 0.</summary>
    EnablePush = 2,
    MaxConcurrentStreams = 3,

    /// <summary>Bytes, at most 2^31-1; 65535 at first.</summary>
    InitialWindowSize = 4,

    /// <summary>Bytes, 2^14 to 2^24-1; 2^14 at first.</summary>
    MaxFrameSize = 5,

    /// <summary>Bytes, counted as in the table; advice only.</summary>
    MaxHeaderListSize = 6,

    /// <summary>0 or 1: extended CONNECT is understood.</summary>
    EnableConnectProtocol = 8,
}
