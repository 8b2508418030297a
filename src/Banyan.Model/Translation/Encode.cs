using System.Security.Cryptography;
using Banyan.Xds;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Model;

/// <summary>Small pieces of xDS messages.</summary>
internal static class Encode
{
    public const string MetadataKey = "banyan.dev";

    private const string TypePrefix = "type.googleapis.com/";

    public static XdsResource Resource(string typeUrl, string name, IMessage message, string scope = "")
    {
        var bytes = message.ToByteString();
        var version = Convert.ToHexStringLower(SHA256.HashData(bytes.Span).AsSpan(0, 8));
        return new XdsResource(typeUrl, name, version, new Any { TypeUrl = typeUrl, Value = bytes })
        {
            Scope = scope,
        };
    }

    public static Any Any(IMessage message) =>
        new() { TypeUrl = TypePrefix + message.Descriptor.FullName, Value = message.ToByteString() };

    /// <summary>Metadata under our own key; entries in the order given, so that bytes are always the same.</summary>
    public static Metadata Metadata(params ReadOnlySpan<(string Key, Value Value)> entries)
    {
        var fields = new Struct();
        foreach (var (key, value) in entries)
        {
            fields.Fields.Add(key, value);
        }

        return new Metadata { FilterMetadata = { [MetadataKey] = fields } };
    }

    /// <summary><c>IP:PORT</c>, or null when the text is something else.</summary>
    public static Address? Address(string text) =>
        System.Net.IPEndPoint.TryParse(text, out var end) && end.Port > 0 ? Address(end.Address.ToString(), end.Port) : null;

    public static Address Address(string ip, int port) =>
        new() { SocketAddress = new SocketAddress { Address = ip, PortValue = (uint)port } };

    public static ConfigSource Ads() =>
        new() { Ads = new AggregatedConfigSource(), ResourceApiVersion = ApiVersion.V3 };
}
