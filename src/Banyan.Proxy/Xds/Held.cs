using Google.Protobuf;

namespace Banyan.Proxy.Xds;

/// <summary>A resource this proxy accepted, with the bytes it came as.</summary>
internal sealed record Accepted<T>(T Value, string Version, ByteString Bytes)
    where T : class;

/// <summary>What is known about one named resource.</summary>
internal sealed class Held<T>
    where T : class
{
    /// <summary>What the control plane said last and this proxy could accept.</summary>
    public Accepted<T>? Latest { get; set; }

    /// <summary>What traffic sees: the last <see cref="Latest"/> whose dependencies were all there.</summary>
    public Accepted<T>? Serving { get; set; }

    /// <summary>The control plane said it does not exist.</summary>
    public bool Absent { get; set; }

    /// <summary>Somebody who depends on it can go ahead.</summary>
    public bool IsSettled => Serving is not null || Absent;
}
