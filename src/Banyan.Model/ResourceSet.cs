using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Banyan.Model;

/// <summary>
/// Resources by type and name. Immutable; one that differs in a few shares the rest, and so costs only those.
/// </summary>
internal sealed class ResourceSet : IReadOnlyDictionary<ResourceKey, XdsResource>
{
    private static readonly string[] Types =
        [XdsTypes.Listener, XdsTypes.RouteConfiguration, XdsTypes.Cluster, XdsTypes.ClusterLoadAssignment];

    private readonly ImmutableDictionary<string, XdsResource>[] _types;

    private ResourceSet(ImmutableDictionary<string, XdsResource>[] types) => _types = types;

    /// <summary>The set without resources.</summary>
    public static ResourceSet Empty { get; } = new(
        [.. Types.Select(_ => ImmutableDictionary.Create<string, XdsResource>(StringComparer.Ordinal))]);

    public int Count => _types.Sum(type => type.Count);

    public IEnumerable<ResourceKey> Keys => this.Select(pair => pair.Key);

    public IEnumerable<XdsResource> Values => _types.SelectMany(type => type.Values);

    public XdsResource this[ResourceKey key] => TryGetValue(key, out var resource)
        ? resource
        : throw new KeyNotFoundException($"there is no {key}");

    public bool ContainsKey(ResourceKey key) => TryGetValue(key, out _);

    public bool TryGetValue(ResourceKey key, [MaybeNullWhen(false)] out XdsResource value)
    {
        value = null;
        var type = Array.IndexOf(Types, key.TypeUrl);
        return type >= 0 && _types[type].TryGetValue(Text(key), out value);
    }

    public IEnumerator<KeyValuePair<ResourceKey, XdsResource>> GetEnumerator()
    {
        for (var i = 0; i < Types.Length; i++)
        {
            foreach (var resource in _types[i].Values)
            {
                yield return new(resource.Key, resource);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // No name has this sign.
    private static string Text(ResourceKey key) => key.Scope.Length == 0 ? key.Name : $"{key.Name}@{key.Scope}";

    /// <summary>A copy that can be changed.</summary>
    public Builder ToBuilder() => new(this);

    /// <summary>A set in the making.</summary>
    public sealed class Builder(ResourceSet before)
    {
        private readonly ImmutableDictionary<string, XdsResource>.Builder[] _types =
            [.. before._types.Select(type => type.ToBuilder())];

        public IEnumerable<ResourceKey> Keys => _types.SelectMany(type => type.Values).Select(each => each.Key);

        /// <summary>Puts a resource; false when one of that name and version is there.</summary>
        public bool Put(XdsResource resource)
        {
            var type = _types[Array.IndexOf(Types, resource.TypeUrl)];
            var key = Text(resource.Key);
            if (type.TryGetValue(key, out var before) && before.Version == resource.Version)
            {
                return false;
            }

            type[key] = resource;
            return true;
        }

        public bool Remove(ResourceKey key) => _types[Array.IndexOf(Types, key.TypeUrl)].Remove(Text(key));

        public ResourceSet Build() => new([.. _types.Select(type => type.ToImmutable())]);
    }
}
