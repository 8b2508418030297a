using Banyan.Model;
using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Control.Xds;

/// <summary>
/// One version of a resource in one flavour. It is encoded on first use and then shared by all streams, as the finished
/// <c>resources</c> field of an answer: an answer is a concatenation of such fields. Other flavours are made of it when
/// somebody first asks for them, and live as long as it does.
/// </summary>
internal sealed class EncodedResource(XdsResource resource)
{
    // Tag of the field resources in both kinds of answer, and of Resource.resource: field 2, length-delimited.
    private const byte ResourcesTag = (2 << 3) | 2;

    private byte[]? _field;
    private Rendering[]? _foreign;
    private IReadOnlyList<string>? _clusters;

    /// <summary>The resource's name.</summary>
    public string Name => resource.Name;

    /// <summary>The hash of its content.</summary>
    public string Version => resource.Version;

    /// <summary>The encoded <c>DeltaDiscoveryResponse.resources</c>.</summary>
    /// <remarks>Two streams may encode it at the same moment; the bytes are equal and one of them stays.</remarks>
    public ReadOnlySpan<byte> Field => _field ??= Encode();

    /// <summary>
    /// The encoded <c>DiscoveryResponse.resources</c>. It stands within <see cref="Field"/>: the number of the field is
    /// the same as that of the resource in its wrapper.
    /// </summary>
    public ReadOnlySpan<byte> BareField
    {
        get
        {
            var size = resource.Any.CalculateSize();
            var length = 1 + CodedOutputStream.ComputeLengthSize(size) + size;

            // The wrapper has its fields in order: version, resource, name.
            var behind = 1 + CodedOutputStream.ComputeStringSize(Name);
            return Field[^(length + behind)..^behind];
        }
    }

    /// <summary>Of a listener: the clusters that it leads to by itself, without discovered routes.</summary>
    public IReadOnlyList<string> Clusters => _clusters ??= Foreign.ClustersOf(resource);

    /// <summary>Whether somebody has asked for it yet.</summary>
    public bool IsEncoded => _field is not null;

    /// <summary>The same in another flavour; null when it has no meaning there. Ask Banyan's own.</summary>
    /// <remarks>Two streams may render it at the same moment; the results are equal and one of them stays.</remarks>
    public EncodedResource? In(Flavour flavour)
    {
        if (flavour == Flavour.Banyan)
        {
            return this;
        }

        var all = _foreign ??= new Rendering[Flavours.Count];
        return (all[(int)flavour] ??= Rendering.Of(resource, flavour)).Resource;
    }

    private byte[] Encode()
    {
        var wrapper = new Resource { Name = Name, Version = Version, Resource_ = resource.Any };
        var size = wrapper.CalculateSize();
        var field = new byte[1 + CodedOutputStream.ComputeLengthSize(size) + size];
        using var output = new CodedOutputStream(field);
        output.WriteRawTag(ResourcesTag);
        output.WriteLength(size);
        wrapper.WriteTo(output);
        output.Flush();
        return field;
    }

    /// <summary>That it was rendered, and what came of it.</summary>
    private sealed record Rendering(EncodedResource? Resource)
    {
        public static Rendering Of(XdsResource resource, Flavour flavour) =>
            new(Foreign.Render(resource, flavour) is { } rendered ? new EncodedResource(rendered) : null);
    }
}
