using Google.Protobuf;

namespace Banyan.Xds;

/// <summary>Tells what Google.Protobuf throws for bytes that are no message from what is a defect of ours.</summary>
public static class Unreadable
{
    /// <summary>
    /// The bytes are at fault. A group's end inside a wrapper is told by the less fitting of both types.
    /// </summary>
    public static bool Is(Exception error) =>
        error is InvalidProtocolBufferException or InvalidOperationException;
}
