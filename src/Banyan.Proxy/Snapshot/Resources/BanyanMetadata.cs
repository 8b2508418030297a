using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>What resources say under <c>filter_metadata["banyan.dev"]</c>. Every member is optional.</summary>
internal readonly struct BanyanMetadata(Metadata? metadata)
{
    private const string Key = "banyan.dev";

    private readonly Struct? _fields =
        metadata is not null && metadata.FilterMetadata.TryGetValue(Key, out var fields) ? fields : null;

    public string Text(string name) => Find(name) is { KindCase: Value.KindOneofCase.StringValue } value ? value.StringValue : "";

    public bool Flag(string name) => Find(name) is { KindCase: Value.KindOneofCase.BoolValue } value && value.BoolValue;

    public int Number(string name) =>
        Find(name) is { KindCase: Value.KindOneofCase.NumberValue, NumberValue: >= 0 and <= int.MaxValue } value
            ? (int)value.NumberValue
            : 0;

    private Value? Find(string name) => _fields is not null && _fields.Fields.TryGetValue(name, out var value) ? value : null;
}
