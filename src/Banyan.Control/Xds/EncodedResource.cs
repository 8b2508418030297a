using Banyan.Xds;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Control.Xds;

/// <summary>
/// One version of a resource. It is encoded on first use and then shared by all streams, as the finished
/// <c>resources</c> field of a DeltaDiscoveryResponse: an answer is a concatenation of such fields.
/// </summary>
internal sealed class EncodedResource(string name, string version, Any body)
{
    // Tag of DeltaDiscoveryResponse.resources: field 2, length-delimited.
    private const byte ResourcesTag = (2 << 3) | 2;

    private byte[]? _field;

    /// <summary>The resource's name.</summary>
    public string Name { get; } = name;

    /// <summary>The hash of its content.</summary>
    public string Version { get; } = version;

    /// <summary>The encoded field.</summary>
    /// <remarks>Two streams may encode it at the same moment; the bytes are equal and one of them stays.</remarks>
    public ReadOnlySpan<byte> Field => _field ??= Encode();

    /// <summary>Whether somebody has asked for it yet.</summary>
    public bool IsEncoded => _field is not null;

    private byte[] Encode()
    {
        var resource = new Resource { Name = Name, Version = Version, Resource_ = body };
        var size = resource.CalculateSize();
        var field = new byte[1 + CodedOutputStream.ComputeLengthSize(size) + size];
        using var output = new CodedOutputStream(field);
        output.WriteRawTag(ResourcesTag);
        output.WriteLength(size);
        resource.WriteTo(output);
        output.Flush();
        return field;
    }
}
