using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>What resources say under one key of <c>filter_metadata</c>. Every member is optional.</summary>
/// <param name="metadata">All of it.</param>
/// <param name="key">Whose part is read.</param>
internal readonly struct BanyanMetadata(Metadata? metadata, string key = BanyanMetadata.Own)
{
    /// <summary>What only this mesh says.</summary>
    public const string Own = "banyan.dev";

    /// <summary>What an endpoint says about how it is secured: the key that a cluster's <c>transport_socket_matches</c> look under.</summary>
    public const string TransportSocketMatch = "envoy.transport_socket_match";

    private readonly Struct? _fields =
        metadata is not null && metadata.FilterMetadata.TryGetValue(key, out var fields) ? fields : null;

    public string Text(string name) => Find(name) is { KindCase: Value.KindOneofCase.StringValue } value ? value.StringValue : "";

    public bool Flag(string name) => Find(name) is { KindCase: Value.KindOneofCase.BoolValue } value && value.BoolValue;

    public int Number(string name) =>
        Find(name) is { KindCase: Value.KindOneofCase.NumberValue, NumberValue: >= 0 and <= int.MaxValue } value
            ? (int)value.NumberValue
            : 0;

    private Value? Find(string name) => _fields is not null && _fields.Fields.TryGetValue(name, out var value) ? value : null;
}
